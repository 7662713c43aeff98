package dev.headrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.embedded.testing.KafkaProbe;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;

class EmbeddedKafkaIT {
  private static final List<String> VALUES =
      IntStream.range(0, 50).mapToObj(i -> "value-" + i).toList();

  @Test
  void produced_records_reach_a_consumer_group() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.builder().build().start()) {
      KafkaProbe probe = new KafkaProbe(kafka.bootstrapServers());
      probe.createTopic("t", 4);
      probe.produce("t", VALUES);

      assertThat(probe.consume("t", "g", VALUES.size()))
          .containsExactlyInAnyOrderElementsOf(VALUES);
    }
  }

  @Test
  void produced_records_reach_a_share_group() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.builder().build().start()) {
      KafkaProbe probe = new KafkaProbe(kafka.bootstrapServers());
      probe.createTopic("t", 2);
      probe.startShareGroupAtTheBeginning("sharers");
      probe.produce("t", VALUES);

      assertThat(probe.consumeShared("t", "sharers", VALUES.size()))
          .containsExactlyInAnyOrderElementsOf(VALUES);
    }
  }

  @Test
  void stopped_broker_starts_again_with_its_port_its_data_and_its_offsets() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.builder().build().start()) {
      String bootstrap = kafka.bootstrapServers();
      KafkaProbe probe = new KafkaProbe(bootstrap);
      probe.createTopic("t", 1);
      probe.produce("t", List.of("before"));
      assertThat(probe.consume("t", "g", 1)).containsExactly("before");

      kafka.stop();
      assertThatThrownBy(() -> SocketChannel.open(addressOf(bootstrap)).close())
          .isInstanceOf(ConnectException.class);
      kafka.start();

      assertThat(kafka.bootstrapServers()).isEqualTo(bootstrap);
      probe.produce("t", List.of("after"));
      assertThat(probe.consume("t", "g", 1)).containsExactly("after");
    }
  }

  @Test
  void sessions_of_a_second_are_allowed() throws Exception {
    Map<String, String> settings =
        Map.of(
            "group.consumer.session.timeout.ms", "1000",
            "group.consumer.heartbeat.interval.ms", "300");
    try (EmbeddedKafka kafka = EmbeddedKafka.builder().settings(settings).build().start()) {
      assertThat(brokerSetting(kafka, "group.consumer.session.timeout.ms")).isEqualTo("1000");
    }
  }

  private static String brokerSetting(EmbeddedKafka kafka, String name) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
      Map<ConfigResource, Config> all =
          admin.describeConfigs(List.of(broker)).all().get(30, TimeUnit.SECONDS);
      return all.get(broker).get(name).value();
    }
  }

  @Test
  void unknown_topic_is_not_created_by_asking_for_it() {
    try (EmbeddedKafka kafka = EmbeddedKafka.builder().build().start();
        Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      var description = admin.describeTopics(List.of("nowhere")).allTopicNames();

      assertThatThrownBy(() -> description.get(30, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
    }
  }

  @Test
  void two_brokers_run_in_one_process() throws Exception {
    try (EmbeddedKafka one = EmbeddedKafka.builder().build().start();
        EmbeddedKafka two = EmbeddedKafka.builder().build().start()) {
      assertThat(one.bootstrapServers()).isNotEqualTo(two.bootstrapServers());
      new KafkaProbe(one.bootstrapServers()).createTopic("t", 1);
      new KafkaProbe(two.bootstrapServers()).createTopic("t", 1);
    }
  }

  @Test
  void close_deletes_the_data_and_may_be_repeated() {
    EmbeddedKafka kafka = EmbeddedKafka.builder().build().start();
    Path folder = kafka.folder();
    assertThat(folder).isDirectory();

    kafka.close();
    kafka.close();

    assertThat(folder).doesNotExist();
    assertThatThrownBy(kafka::start).hasMessage("state: closed (expected: new or stopped)");
  }

  @Test
  void bad_setting_is_named_and_leaves_nothing() {
    EmbeddedKafka kafka = EmbeddedKafka.builder().setting("num.io.threads", "many").build();

    assertThatThrownBy(kafka::start)
        .isInstanceOf(EmbeddedServerException.class)
        .hasRootCauseMessage(
            "Invalid value many for configuration num.io.threads: Not a number of type INT");
    assertThat(kafka.folder()).isNull();
  }

  private static InetSocketAddress addressOf(String bootstrap) {
    String[] parts = bootstrap.split(":");
    return new InetSocketAddress(parts[0], Integer.parseInt(parts[1]));
  }
}
