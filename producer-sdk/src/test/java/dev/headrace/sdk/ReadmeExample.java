package dev.headrace.sdk;

import dev.headrace.protocol.Tier;
import java.time.Duration;
import java.util.List;

/** What README.md shows; an integration test runs it. */
final class ReadmeExample {
  private ReadmeExample() {}

  static List<float[]> run(String kafka, String redis) {
    // README-START
    try (HeadraceClient client =
        HeadraceClient.builder().bootstrapServers(kafka).redisUri(redis).build()) {
      Request now =
          Request.embed("all-minilm-l6-v2", "A headrace brings the water to the mill.")
              .tier(Tier.PREMIUM)
              .deadline(Duration.ofSeconds(2));
      List<float[]> vectors = client.submit(now).join().orThrow().embeddings();

      Request later =
          Request.classify("all-minilm-l6-v2", List.of("economy", "war"), "The budget is balanced.")
              .tier(Tier.ECONOMY)
              .idempotencyKey("passage-4711");
      client
          .submit(later)
          .thenAccept(result -> System.out.println(result.classifications().get(0).label()))
          .join();
      return vectors;
    }
    // README-END
  }
}
