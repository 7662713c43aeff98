package dev.headrace.sdk;

import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationResponse;
import dev.headrace.protocol.body.TokenLogprob;
import java.util.ArrayList;
import java.util.List;

/**
 * A generated text.
 *
 * @param text what was generated
 * @param finish why it ended
 * @param logprobs of its tokens; empty unless asked for
 */
public record Completion(String text, FinishReason finish, List<TokenLogprob> logprobs) {
  public Completion {
    logprobs = List.copyOf(logprobs);
  }

  static List<Completion> of(GenerationResponse response) {
    List<Completion> completions = new ArrayList<>();
    for (GenerationResponse.Choice choice : response.choices()) {
      List<TokenLogprob> logprobs = choice.logprobs();
      completions.add(
          new Completion(choice.text(), choice.finish(), logprobs == null ? List.of() : logprobs));
    }
    return completions;
  }
}
