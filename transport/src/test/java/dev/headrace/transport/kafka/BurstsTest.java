package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Tier;
import dev.headrace.protocol.naming.Topics;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.junit.jupiter.api.Test;

class BurstsTest {
  private static final int PARTITIONS = 6;

  private final Bursts bursts = new Bursts();

  private final Map<String, Integer> work = new HashMap<>();

  private List<Integer> send(String topic, int records) {
    bursts.configure(Map.of(ProducerConfig.LINGER_MS_CONFIG, 60_000L, Bursts.WORK, work));
    Node node = new Node(1, "127.0.0.1", 9092);
    Node[] nodes = {node};
    List<PartitionInfo> partitions =
        IntStream.range(0, PARTITIONS)
            .mapToObj(i -> new PartitionInfo(topic, i, node, nodes, nodes))
            .toList();
    Cluster cluster = new Cluster("c", List.of(node), partitions, Set.of(), Set.of());
    List<Integer> chosen = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      byte[] key = ("key " + i).getBytes(StandardCharsets.UTF_8);
      chosen.add(bursts.partition(topic, key, key, null, null, cluster));
    }
    return chosen;
  }

  @Test
  void requests_go_to_one_partition_until_the_burst_is_full() {
    List<Integer> chosen = send(Topics.requests(Tier.STANDARD), 3 * Bursts.MAX_RECORDS);

    assertThat(chosen.stream().distinct()).hasSize(3);
    for (int i = 0; i < chosen.size(); i++) {
      assertThat(chosen.get(i)).isEqualTo(chosen.get(i / Bursts.MAX_RECORDS * Bursts.MAX_RECORDS));
    }
  }

  @Test
  void work_goes_round() {
    List<Integer> chosen = send(Topics.work("lane"), PARTITIONS);

    assertThat(chosen).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);
  }

  @Test
  void work_goes_in_bursts_as_long_as_the_router_says() {
    work.put(Topics.work("lane"), 3);
    List<Integer> small = send(Topics.work("lane"), 6);
    work.put(Topics.work("lane"), 1);
    List<Integer> large = send(Topics.work("lane"), 3);

    assertThat(small.subList(0, 3)).containsOnly(small.get(0));
    assertThat(small.subList(3, 6)).containsOnly(small.get(3)).doesNotContain(small.get(0));
    assertThat(large).doesNotHaveDuplicates().doesNotContain(small.get(3));
  }

  @Test
  void reply_topics_keep_the_order_of_their_keys() {
    List<Integer> chosen = send("replies", 20);

    for (int i = 0; i < chosen.size(); i++) {
      byte[] key = ("key " + i).getBytes(StandardCharsets.UTF_8);
      assertThat(chosen.get(i)).isEqualTo(BuiltInPartitioner.partitionForKey(key, PARTITIONS));
    }
  }
}
