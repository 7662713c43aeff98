package dev.headrace.transport.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.GroupConsumer;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.KafkaEventProducer;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.kafka.TopicAdmin;
import dev.headrace.transport.redis.RedisConfig;
import dev.headrace.transport.redis.RedisStores;
import dev.headrace.transport.testing.Samples;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Redis and Kafka go away and come back while outcomes are delivered. */
class OutageIT {
  private static final int OUTCOMES = 3000;
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Test
  void every_outcome_is_delivered_in_spite_of_outages() throws Exception {
    try (EmbeddedServers servers = EmbeddedServers.builder().build().start()) {
      Settings settings =
          Settings.of(
              Map.of(
                  "kafka.bootstrap-servers", servers.kafkaBootstrap(),
                  "kafka.timeout", "2s",
                  "kafka.delivery-timeout", "3s",
                  "kafka.max-block", "200ms",
                  "redis.uri", servers.redisUri(),
                  "redis.timeout", "300ms"));
      KafkaConfig kafka = KafkaConfig.read(settings);
      try (TopicAdmin admin = new TopicAdmin(kafka)) {
        admin.ensure(List.of(Topics.OUTCOMES));
      }
      GroupConsumer consumer = new GroupConsumer(kafka, "g", List.of(Topics.OUTCOMES), NOBODY);
      KafkaEventProducer producer = new KafkaEventProducer(kafka, "outage");
      try (RedisStores stores = RedisStores.connect(RedisConfig.read(settings))) {
        DeliveryConfig config = DeliveryConfig.read(settings);
        deliverAll(
            servers,
            new Delivery(stores.deliveryStore(), producer, config, System::nanoTime),
            consumer);
      } finally {
        producer.close(Duration.ofSeconds(5));
        consumer.close(Duration.ofSeconds(5));
      }
    }
  }

  private static final EventConsumer.Listener NOBODY =
      new EventConsumer.Listener() {
        @Override
        public void assigned(Collection<Slot> slots) {}

        @Override
        public void revoked(Collection<Slot> slots) {}
      };

  private static void deliverAll(
      EmbeddedServers servers, Delivery delivery, GroupConsumer consumer) {
    Set<String> done = new HashSet<>();
    Map<String, Set<Outcome>> published = new HashMap<>();
    int given = 0;
    long end = System.nanoTime() + LIMIT.toNanos();
    while (done.size() < OUTCOMES || published.size() < OUTCOMES) {
      assertThat(System.nanoTime())
          .as("given=%s done=%s published=%s", given, done.size(), published.size())
          .isLessThan(end);
      for (int i = 0; i < 10 && given < OUTCOMES; i++) {
        String id = "r" + given++;
        delivery.outcome(Samples.outcome("c", id, "of " + id), () -> done.add(id));
        trouble(servers, given);
      }
      delivery.runOnce();
      for (Received received : consumer.poll(Duration.ofMillis(2))) {
        Outcome outcome = OutcomeCodec.decode(received.record());
        published.computeIfAbsent(outcome.id(), id -> new HashSet<>()).add(outcome);
        consumer.acknowledge(received);
      }
      consumer.commit();
    }
    assertThat(delivery.pending()).isZero();
    published.forEach(
        (id, all) -> assertThat(all).containsExactly(Samples.outcome("c", id, "of " + id)));
  }

  private static void trouble(EmbeddedServers servers, int given) {
    switch (given) {
      case 500 -> servers.redis().stop();
      case 1000 -> servers.redis().start();
      case 1500 -> servers.kafka().stop();
      case 2000 -> servers.kafka().start();
      case 2200 -> {
        servers.redis().stop();
        servers.kafka().stop();
      }
      case 2500 -> servers.kafka().start();
      case 2800 -> servers.redis().start();
      default -> {}
    }
  }
}
