package dev.headrace.transport.kafka;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.event.WireRecord;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An idempotent producer; a record counts as appended when all replicas in sync have it.
 *
 * <p>The failure of a send is TRANSIENT unless something is wrong with this record or its topic:
 * INPUT_TOO_LARGE, or INTERNAL_ERROR for a topic that does not exist or may not be written.
 */
public final class KafkaEventProducer implements EventProducer {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaEventProducer.class);

  /** A topic that did not exist is not asked for again for this long (chosen). */
  private static final long ABSENT_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Topics remembered as absent (chosen; clients name topics, so it must be bounded). */
  private static final int MAX_ABSENT = 1000;

  private final KafkaProducer<byte[], byte[]> producer;
  private final LongSupplier nanos;
  private final FirstSends firstSends;
  private final Map<String, Integer> bursts = new ConcurrentHashMap<>();
  private final Map<String, Long> absentUntil = new ConcurrentHashMap<>();

  /**
   * Makes the producer; no broker must be there yet.
   *
   * @throws FailureException when no bootstrap server's name resolves or a property is wrong
   */
  public KafkaEventProducer(KafkaConfig config, String clientId) {
    this(config, clientId, System::nanoTime);
  }

  KafkaEventProducer(KafkaConfig config, String clientId, LongSupplier nanos) {
    this.nanos = nanos;
    this.firstSends = new FirstSends(clientId);
    try {
      this.producer =
          new KafkaProducer<>(
              ClientProperties.producer(config, clientId, bursts),
              new ByteArraySerializer(),
              new ByteArraySerializer());
    } catch (KafkaException e) {
      throw KafkaErrors.ofCall(e, "producer of " + config.bootstrapServers());
    }
  }

  @Override
  public void send(String topic, WireRecord record, Callback callback) {
    if (isAbsent(topic)) {
      callback.done(
          new FailureException(ErrorCode.INTERNAL_ERROR, "topic does not exist: " + topic));
      return;
    }
    One one = new One(topic, record, callback);
    if (firstSends.isKnown(topic)) {
      one.run();
    } else {
      firstSends.later(one);
    }
  }

  @Override
  public void bursts(String topic, int records) {
    bursts.put(topic, records);
  }

  private boolean isAbsent(String topic) {
    Long until = absentUntil.get(topic);
    if (until == null) {
      return false;
    }
    if (nanos.getAsLong() - until < 0) {
      return true;
    }
    absentUntil.remove(topic, until);
    return false;
  }

  private void noteAbsent(String topic) {
    if (absentUntil.size() >= MAX_ABSENT) {
      absentUntil.clear();
    }
    absentUntil.put(topic, nanos.getAsLong() + ABSENT_NANOS);
  }

  /** One send. Kafka calls back, or throws, or, as it reads, could do both. */
  private final class One implements FirstSends.Send, org.apache.kafka.clients.producer.Callback {
    private final String topic;
    private final WireRecord record;
    private final Callback callback;
    private final AtomicBoolean done = new AtomicBoolean();

    One(String topic, WireRecord record, Callback callback) {
      this.topic = topic;
      this.record = record;
      this.callback = callback;
    }

    @Override
    public void run() {
      try {
        var unused = producer.send(Wire.toKafka(topic, record), this);
      } catch (KafkaException | IllegalStateException | IllegalArgumentException e) {
        onCompletion(null, e);
      }
    }

    @Override
    public void onCompletion(@Nullable RecordMetadata metadata, @Nullable Exception e) {
      if (e == null) {
        firstSends.know(topic);
      } else if (KafkaErrors.isUnknownTopic(e)) {
        noteAbsent(topic);
      }
      end(e == null ? null : KafkaErrors.ofSend(e, topic));
    }

    @Override
    public void drop(String why) {
      end(new FailureException(ErrorCode.BROKER_UNAVAILABLE, "record for " + topic + ": " + why));
    }

    private void end(@Nullable FailureException failure) {
      if (!done.compareAndSet(false, true)) {
        return;
      }
      try {
        callback.done(failure);
      } catch (RuntimeException defect) {
        LOG.error("callback failed topic={}", topic, defect); // it must not harm other records
      }
    }
  }

  @Override
  public void close(Duration timeout) {
    Duration half = timeout.dividedBy(2);
    firstSends.close(half);
    try {
      producer.close(half);
    } catch (KafkaException e) {
      LOG.warn("producer not closed in order cause={}", e.getMessage());
    }
  }
}
