package dev.headrace.sdk;

import dev.headrace.protocol.Tier;
import java.time.Duration;
import java.util.List;

/** What README.md shows; an integration test runs it. */
final class ReadmeExample {
  private ReadmeExample() {}

  static void run(String kafka, String redis) {
    // README-START
    try (HeadraceClient client =
        HeadraceClient.builder().bootstrapServers(kafka).redisUri(redis).build()) {
      String model = "all-minilm-l6-v2";
      String text = "A headrace brings the water to the mill.";

      Request now = Request.embed(model, text).tier(Tier.PREMIUM).deadline(Duration.ofSeconds(2));
      float[] vector = client.submit(now).join().orThrow().embeddings().get(0);
      System.out.println(vector.length + " dimensions");

      Request later = Request.classify(model, List.of("water", "war"), text).tier(Tier.ECONOMY);
      client
          .submit(later.idempotencyKey("text-4711"))
          .thenAccept(result -> System.out.println(result.classifications().get(0).label()))
          .join();
    }
    // README-END
  }
}
