package dev.headrace.transport.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client of a share group and the records of its last poll, which the broker lends for a time.
 * Kafka's client gives no further records before each of these has an answer: done, released, or
 * asked for longer. A record that was asked for longer takes no other answer until the broker has
 * agreed and a poll has brought it back; one that is given meanwhile waits here. Used by one
 * thread.
 */
final class ShareHand {
  private static final Logger LOG = LoggerFactory.getLogger(ShareHand.class);

  /**
   * Between two looks whether a fetch has brought something (chosen). A look at the very moment in
   * which it does makes the client fetch once more, ahead of time: those records are lent, and not
   * seen before all of this poll have their answers. So looks are few.
   */
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final ShareConsumer<byte[], byte[]> consumer;
  private final String topic;
  private final LongSupplier nanos;
  private final Map<Place, Held> held = new HashMap<>();

  /** Records without an answer. */
  private int open;

  /** Kafka's client has answers that were not sent. */
  private boolean unsent;

  private boolean subscribed;
  private boolean someLost;

  /** Whether the last poll brought nothing, and its fetch may be under way. */
  private boolean looking;

  private long polledAt;

  /** When Kafka's client had nothing in store, as far as is known. */
  private long emptyAt;

  private long lockNanos;

  /** Until when the records are ours: the same for all, as they are lent and kept together. */
  private long lockedUntil;

  private long renewAt;
  private @Nullable Renewal renewal;

  private record Place(Slot slot, long offset) {}

  /** What is said of a record. */
  private enum Answer {
    NONE,
    DONE,
    RELEASED,
    LOST
  }

  private static final class Held {
    final ConsumerRecord<byte[], byte[]> record;
    final long number;
    Answer answer = Answer.NONE;

    /** Kafka's client needs no answer any more. */
    boolean told;

    Held(ConsumerRecord<byte[], byte[]> record, long number) {
      this.record = record;
      this.number = number;
    }
  }

  /** Records that the broker was asked to leave with us. */
  private static final class Renewal {
    final long askedAt;
    final Set<Place> unanswered = new HashSet<>();
    boolean agreed;

    Renewal(long askedAt) {
      this.askedAt = askedAt;
    }
  }

  /**
   * A hand over a client; it joins the group when it first fetches.
   *
   * @param lock how long records are lent if the broker does not say
   */
  ShareHand(
      ShareConsumer<byte[], byte[]> consumer, String topic, Duration lock, LongSupplier nanos) {
    this.consumer = consumer;
    this.topic = topic;
    this.lockNanos = lock.toNanos();
    this.nanos = nanos;
    this.polledAt = nanos.getAsLong();
    this.emptyAt = polledAt;
    consumer.setAcknowledgementCommitCallback(this::taken);
  }

  /** Whether all of the last poll has its answer, so that more may be fetched. */
  boolean free() {
    return open == 0 && renewal == null;
  }

  /** Whether this record is here and nobody else can have it. */
  boolean owns(Received record) {
    Held h = find(record);
    return h != null && h.answer == Answer.NONE && nanos.getAsLong() - lockedUntil < 0;
  }

  /** How often Kafka has delivered this record; 0 when it is not here. */
  int deliveries(Received record) {
    Held h = find(record);
    return h == null ? 0 : h.record.deliveryCount().orElse((short) 1);
  }

  private @Nullable Held find(Received record) {
    Held h = held.get(new Place(record.slot(), record.offset()));
    return h != null && h.number == record.epoch() ? h : null;
  }

  /**
   * Asks for more records; only when {@link #free}.
   *
   * @param numbers gives each delivery its number
   */
  List<Received> fetch(Duration wait, LongSupplier numbers) {
    if (!subscribed) {
      consumer.subscribe(List.of(topic));
      subscribed = true;
    }
    long begin = nanos.getAsLong();
    if (looking && wait.isZero() && begin - polledAt < LOOK_NANOS) {
      return List.of();
    }
    // A first look without waiting: what comes at once was in store, lent since who knows when.
    ConsumerRecords<byte[], byte[]> records = poll(looking ? wait : Duration.ZERO);
    held.clear();
    long since = emptyAt;
    looking = records.isEmpty();
    emptyAt = looking ? polledAt : begin;
    if (looking) {
      return List.of();
    }
    List<Received> received = new ArrayList<>(records.count());
    for (ConsumerRecord<byte[], byte[]> record : records) {
      Slot slot = new Slot(record.topic(), record.partition());
      Held h = new Held(record, numbers.getAsLong());
      held.put(new Place(slot, record.offset()), h);
      received.add(
          new Received(
              slot, record.offset(), record.timestamp(), h.number, Wire.fromKafka(record)));
    }
    open = received.size();
    consumer
        .acquisitionLockTimeoutMs()
        .ifPresent(ms -> lockNanos = TimeUnit.MILLISECONDS.toNanos(ms));
    lent(since);
    if (nanos.getAsLong() - renewAt >= 0) {
      // They were in store while others were here for long, or nobody polled.
      LOG.warn("records waited in the client, handing them back count={}", open);
      answerAll(Answer.RELEASED);
      commit();
      return List.of();
    }
    return received;
  }

  private ConsumerRecords<byte[], byte[]> poll(Duration wait) {
    unsent = false; // what there is goes with it
    try {
      return consumer.poll(wait);
    } finally {
      polledAt = nanos.getAsLong();
    }
  }

  private void lent(long since) {
    lockedUntil = since + lockNanos;
    renewAt = since + lockNanos / 2;
  }

  /** The record needs nobody any more. */
  void done(Received record) {
    Held h = find(record);
    if (h != null) {
      answer(h, Answer.DONE);
    }
  }

  /** Others may have the record. */
  void release(Received record) {
    Held h = find(record);
    if (h != null) {
      answer(h, Answer.RELEASED);
    }
  }

  private void answer(Held h, Answer answer) {
    if (h.answer != Answer.NONE) {
      return;
    }
    h.answer = answer;
    open--;
    if (renewal == null) {
      tell(h);
    }
  }

  private void answerAll(Answer answer) {
    held.values().forEach(h -> answer(h, answer));
  }

  private void tell(Held h) {
    if (!h.told) {
      h.told = true;
      unsent = true;
      consumer.acknowledge(
          h.record, h.answer == Answer.DONE ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE);
    }
  }

  /**
   * Asks for more time when half of it is over, and gives up what was not kept.
   *
   * @param worked whether the records are worked on
   * @return whether records were lost since the last call
   */
  boolean tend(boolean worked) {
    long now = nanos.getAsLong();
    if (renewal != null) {
      await(renewal);
    } else if (open > 0 && worked && now - renewAt >= 0 && now - lockedUntil < 0) {
      renew(now);
    }
    if (open > 0 && renewal == null && now - lockedUntil >= 0) {
      LOG.warn("records were not done in time, others may have them count={}", open);
      answerAll(Answer.LOST);
      someLost = true;
      commit();
    }
    boolean lost = someLost;
    someLost = false;
    return lost;
  }

  private void renew(long now) {
    Renewal asked = new Renewal(now);
    held.forEach(
        (place, h) -> {
          if (h.answer == Answer.NONE) {
            asked.unanswered.add(place);
            consumer.acknowledge(h.record, AcknowledgeType.RENEW);
          }
        });
    renewal = asked;
    unsent = true;
    commit();
  }

  /** Looks whether the broker answered; then takes back what it left with us. */
  private void await(Renewal asked) {
    consumer.commitAsync(); // runs the callback
    if (!asked.unanswered.isEmpty()) {
      return;
    }
    if (asked.agreed) {
      poll(Duration.ZERO);
      lent(asked.askedAt);
    }
    renewal = null;
    held.values().stream().filter(h -> h.answer != Answer.NONE).forEach(this::tell);
  }

  /** The broker's word about answers. Called by Kafka inside poll, commit and close. */
  private void taken(Map<TopicIdPartition, Set<Long>> offsets, @Nullable Exception failure) {
    if (failure != null) {
      LOG.warn("answers were not taken offsets={} cause={}", offsets, failure.toString());
    }
    Renewal asked = renewal;
    if (asked == null) {
      return;
    }
    offsets.forEach(
        (partition, own) -> {
          Slot slot = new Slot(partition.topic(), partition.partition());
          own.forEach(offset -> taken(asked, new Place(slot, offset), failure == null));
        });
  }

  private void taken(Renewal asked, Place place, boolean agreed) {
    if (!asked.unanswered.remove(place)) {
      return;
    }
    Held h = held.get(place);
    if (agreed) {
      asked.agreed = true;
    } else if (h != null) {
      h.told = true; // Kafka's client has let go of it
      if (h.answer == Answer.NONE) {
        h.answer = Answer.LOST;
        open--;
        someLost = true;
      }
    }
  }

  /** Sends the answers that there are, without waiting. */
  void commit() {
    if (unsent) {
      unsent = false;
      consumer.commitAsync();
    }
  }

  /** Sends the answers; what has none goes to others at once. */
  void close(Duration limit) {
    held.clear();
    open = 0;
    try {
      consumer.close(limit);
    } catch (KafkaException e) {
      LOG.warn("share consumer not closed in order cause={}", e.getMessage());
    }
  }
}
