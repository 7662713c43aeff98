package dev.headrace.bench.generate;

import dev.headrace.bench.pipeline.HeadracePipeline;
import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.sdk.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Headrace as a whole, one request a text, with broker and Redis in this process. */
public final class GeneratePipeline implements AutoCloseable {
  /** No load takes longer. */
  private static final Duration DEADLINE = Duration.ofMinutes(10);

  private final String model;
  private final EmbeddedServers servers;
  private final HeadracePipeline pipeline;
  private HeadracePipeline.Steps steps = new HeadracePipeline.Steps(0, 0, 0);
  private HeadracePipeline.Places places = new HeadracePipeline.Places(0, 0, 0);

  private GeneratePipeline(String model, EmbeddedServers servers, HeadracePipeline pipeline) {
    this.model = model;
    this.servers = servers;
    this.pipeline = pipeline;
  }

  public static GeneratePipeline start(String model, Map<String, String> settings)
      throws Exception {
    EmbeddedServers servers = EmbeddedServers.builder().build().start();
    try {
      return new GeneratePipeline(
          model,
          servers,
          HeadracePipeline.withModel(
              model, servers.kafkaBootstrap(), servers.redisUri(), settings));
    } catch (RuntimeException e) {
      servers.close();
      throw e;
    }
  }

  /** Submits all texts of a load at once and waits for the last. */
  public double tokensPerSecond(Load load) throws InterruptedException {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < load.prompts().size(); i++) {
      List<Integer> ids = new ArrayList<>();
      for (int id : load.prompts().get(i)) {
        ids.add(id);
      }
      CompletionRequest request =
          new CompletionRequest(
              model,
              List.of(new CompletionRequest.Tokens(ids)),
              GenerationOptions.DEFAULT
                  .with(Generator.SAMPLING)
                  .withMaxTokens(load.tokens().get(i)));
      requests.add(Request.generate(request).cache(CacheMode.BYPASS).deadline(DEADLINE));
    }
    AtomicLong characters = new AtomicLong();
    HeadracePipeline.Steps before = pipeline.steps();
    PlaceWatch watch = PlaceWatch.start(pipeline);
    long started = System.nanoTime();
    pipeline.submit(
        requests,
        requests.size(),
        r -> characters.addAndGet(r.completions().get(0).text().length()));
    double seconds = (System.nanoTime() - started) / 1e9;
    places = watch.end();
    steps = pipeline.steps().since(before);
    if (characters.get() < load.generated()) {
      throw new IllegalStateException(
          "pipeline: "
              + characters
              + " characters (expected: >= "
              + load.generated()
              + ", one a token)");
    }
    return load.generated() / seconds;
  }

  /** Texts that got a token in a step of the last load, on average. */
  public double textsPerStep() {
    return steps.textsPerStep();
  }

  /** Where texts were in the last load, and what its steps had. */
  public String whereabouts() {
    return String.format(
        Locale.ROOT,
        "%.1f texts and %.0f prompt tokens a step; router %.0f, lane %.0f, worker %.0f",
        steps.textsPerStep(),
        steps.promptTokensPerStep(),
        places.router(),
        places.lane(),
        places.worker());
  }

  @Override
  public void close() {
    pipeline.close();
    servers.close();
  }
}
