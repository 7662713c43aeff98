package dev.headrace.transport.kafka;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.event.WireRecord;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Appends records, durably. Thread-safe. */
public interface EventProducer {

  /** Told on another thread that a record was appended, or why not. */
  interface Callback {
    void done(@Nullable FailureException failure);
  }

  /**
   * Appends a record; its key chooses the partition. Never throws for a failure of Kafka: that goes
   * to the callback. May block for a bounded time while the buffer is full.
   */
  void send(String topic, WireRecord record, Callback callback);

  /**
   * From now on so many records in a row may go to one partition, if this is a work topic. A
   * producer may ignore it.
   */
  default void bursts(String topic, int records) {}

  /** Waits for what was sent, then closes. */
  void close(Duration timeout);
}
