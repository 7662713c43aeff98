package dev.headrace.worker.generate.sample;

import dev.headrace.protocol.body.Sampling;
import java.util.List;

/** Ways of sampling, by what differs from the model's own distribution. */
final class Samplings {
  double temperature = 1;
  double topP = 1;
  int topK;
  double minP;
  double presence;
  double frequency;
  double repetition = 1;
  int logprobs = -1;

  Sampling build() {
    return new Sampling(
        temperature,
        topP,
        topK,
        minP,
        presence,
        frequency,
        repetition,
        null,
        List.of(),
        List.of(),
        logprobs,
        false);
  }
}
