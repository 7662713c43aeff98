package dev.headrace.cli;

import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.KafkaOutcomeTail;
import dev.headrace.transport.kafka.OutcomeTail;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What the topic of outcomes holds. */
final class PublishedOutcomes {
  private PublishedOutcomes() {}

  /** The distinct outcomes of each request that were published since then. */
  static Map<String, Set<String>> since(KafkaConfig kafka, Instant begin) {
    Map<String, Set<String>> byId = new HashMap<>();
    try (OutcomeTail tail =
        KafkaOutcomeTail.at(kafka, "published").open(Set.of(Topics.OUTCOMES), begin)) {
      do {
        for (WireRecord record : tail.poll(Duration.ofMillis(100))) {
          var outcome = OutcomeCodec.decode(record);
          byId.computeIfAbsent(outcome.address().id(), i -> new HashSet<>())
              .add(outcome.status() + " " + outcome.time() + " " + outcome.source());
        }
      } while (!tail.caughtUp());
    }
    return byId;
  }
}
