package dev.headrace.worker.loop;

import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache.Settlement;
import org.jspecify.annotations.Nullable;

/** What the loop asks of the delivering thread; {@link #done} is for the loop's thread again. */
public sealed interface DeliveryCall {
  /** What follows when all of it is safe. */
  Runnable done();

  /** How the request's leadership ends when it is delivered; null if it has none. */
  default @Nullable Settlement settlement() {
    return null;
  }

  /** Deliver an outcome. */
  record Deliver(Outcome outcome, @Nullable Settlement settlement, Runnable done)
      implements DeliveryCall {}

  /** See that Kafka has an outcome that stands already. */
  record Confirm(Delivered standing, @Nullable Settlement settlement, Runnable done)
      implements DeliveryCall {}

  /** Append a record to a topic. */
  record Append(String topic, WireRecord record, Runnable done) implements DeliveryCall {}

  /** Append a record to the dead letters, then deliver the outcome if there is one. */
  record DeadLetter(
      WireRecord record, @Nullable Outcome outcome, @Nullable Settlement settlement, Runnable done)
      implements DeliveryCall {}
}
