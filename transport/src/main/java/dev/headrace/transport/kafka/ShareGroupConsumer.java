package dev.headrace.transport.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A member of a share group: the broker lends records one by one instead of giving partitions away.
 * It asks for more time while it is polled and told that its records are worked on; else they go to
 * others.
 *
 * <p>A client of Kafka's must answer for all records of a poll before the next, so there are
 * several, its hands: while one has records, another fetches. To the broker each is a member of its
 * own, with its own partitions if there are enough of them.
 *
 * <p>There are no slots that come and go. One that stands for all, of partition -1, is assigned at
 * the first poll; pausing it stops all fetching, pausing any other changes nothing. When records
 * are lost the listener is told of it as revoked; it stays assigned.
 */
public final class ShareGroupConsumer implements EventConsumer {
  private static final Logger LOG = LoggerFactory.getLogger(ShareGroupConsumer.class);

  /**
   * After how many deliveries Kafka gives a record to nobody any more; the most that brokers allow
   * unless configured.
   */
  static final int DELIVERY_LIMIT = 10;

  /** With so many deliveries left a record is worn out: a worker may die before it is moved. */
  private static final int SPARE_DELIVERIES = 2;

  /** While nothing comes each hand is waited for in turn, so long (chosen). */
  private static final Duration SLICE = Duration.ofMillis(5);

  private final List<ShareHand> hands;
  private final Listener listener;
  private final Slot all;
  private final LongSupplier nanos;
  private long deliveries;
  private int next;
  private boolean joined;
  private boolean paused;
  private boolean worked = true;
  private boolean closed;

  /**
   * A member that joins at its first poll.
   *
   * @param records most records of one poll of one hand
   */
  public ShareGroupConsumer(
      KafkaConfig config,
      LaneIntake intake,
      int records,
      String clientId,
      String group,
      String topic,
      Listener listener) {
    this(
        hands(
            ClientProperties.share(config, clientId, group, intake.lock(), records), intake, topic),
        topic,
        listener,
        System::nanoTime);
  }

  ShareGroupConsumer(List<ShareHand> hands, String topic, Listener listener, LongSupplier nanos) {
    this.hands = List.copyOf(hands);
    this.all = new Slot(topic, -1);
    this.listener = listener;
    this.nanos = nanos;
  }

  private static List<ShareHand> hands(
      Map<String, Object> properties, LaneIntake intake, String topic) {
    List<ShareHand> hands = new ArrayList<>();
    try {
      for (int i = 0; i < intake.polls(); i++) {
        KafkaShareConsumer<byte[], byte[]> consumer =
            new KafkaShareConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        hands.add(new ShareHand(consumer, topic, intake.lock(), System::nanoTime));
      }
      return hands;
    } catch (KafkaException e) {
      hands.forEach(h -> h.close(Duration.ZERO));
      throw KafkaErrors.ofCall(e, "share consumer of " + topic);
    }
  }

  @Override
  public List<Received> poll(Duration wait) {
    join();
    try {
      tend();
      return paused ? List.of() : fetch(wait);
    } catch (KafkaException e) {
      throw KafkaErrors.ofCall(e, "poll");
    }
  }

  private void join() {
    if (!joined) {
      joined = true;
      listener.assigned(List.of(all));
    }
  }

  private void tend() {
    boolean lost = false;
    for (ShareHand hand : hands) {
      lost |= hand.tend(worked);
    }
    if (lost) {
      listener.revoked(List.of(all));
    }
  }

  /** All free hands once; if nothing comes, one after the other until the time is over. */
  private List<Received> fetch(Duration wait) {
    List<ShareHand> free = hands.stream().filter(ShareHand::free).toList();
    List<Received> received = new ArrayList<>();
    if (free.size() == 1) {
      return free.get(0).fetch(wait, this::number);
    }
    for (ShareHand hand : free) {
      received.addAll(hand.fetch(Duration.ZERO, this::number));
    }
    long until = nanos.getAsLong() + wait.toNanos();
    long left = wait.toNanos();
    while (!free.isEmpty() && received.isEmpty() && left > 0) {
      next = (next + 1) % free.size();
      long slice = Math.min(left, SLICE.toNanos());
      received.addAll(free.get(next).fetch(Duration.ofNanos(slice), this::number));
      left = until - nanos.getAsLong();
    }
    return received;
  }

  private long number() {
    return ++deliveries;
  }

  @Override
  public boolean owns(Received record) {
    return hands.stream().anyMatch(h -> h.owns(record));
  }

  @Override
  public void acknowledge(Received record) {
    hands.forEach(h -> h.done(record));
  }

  @Override
  public void release(Received record) {
    hands.forEach(h -> h.release(record));
  }

  @Override
  public void keep(boolean isWorked) {
    worked = isWorked;
  }

  @Override
  public int deliveries(Received record) {
    return Math.max(1, hands.stream().mapToInt(h -> h.deliveries(record)).max().orElse(1));
  }

  @Override
  public boolean wornOut(Received record) {
    return deliveries(record) >= DELIVERY_LIMIT - SPARE_DELIVERIES;
  }

  @Override
  public Set<Slot> assigned() {
    return joined && !closed ? Set.of(all) : Set.of();
  }

  @Override
  public void pause(Collection<Slot> slots) {
    paused |= slots.contains(all);
  }

  @Override
  public void resume(Collection<Slot> slots) {
    paused &= !slots.contains(all);
  }

  @Override
  public void commit() {
    try {
      hands.forEach(ShareHand::commit);
    } catch (KafkaException e) {
      LOG.warn("answers not sent cause={}", e.getMessage());
    }
  }

  @Override
  public void close(Duration limit) {
    if (closed) {
      return;
    }
    closed = true;
    long until = nanos.getAsLong() + limit.toNanos();
    for (ShareHand hand : hands) {
      hand.close(Duration.ofNanos(Math.max(0, until - nanos.getAsLong())));
    }
  }
}
