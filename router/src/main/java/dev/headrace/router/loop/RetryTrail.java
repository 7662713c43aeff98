package dev.headrace.router.loop;

import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.DeadLetter.Origin;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.Received;
import java.util.List;
import java.util.Set;

/** What a record says about where it was first read, kept through retries. */
public final class RetryTrail {
  /** The names that stay with a record on its way. */
  private static final Set<String> KEPT =
      Set.of(
          DeadLetter.ORIGINAL_TOPIC,
          DeadLetter.ORIGINAL_PARTITION,
          DeadLetter.ORIGINAL_OFFSET,
          DeadLetter.ORIGINAL_TIMESTAMP,
          DeadLetter.ORIGINAL_GROUP,
          DeadLetter.RETRY_ORIGINAL_TIMESTAMP);

  private RetryTrail() {}

  /** The headers to pass on. */
  public static List<WireHeader> of(Received received) {
    return received.record().headers().stream().filter(h -> KEPT.contains(h.name())).toList();
  }

  /** The time of the record that was first read. */
  public static long firstTimestampMs(Received received) {
    return DeadLetter.number(
        received.record(), DeadLetter.RETRY_ORIGINAL_TIMESTAMP, received.timestampMs());
  }

  /** Where the record was first read, as far as it says; else where it was read now. */
  static Origin origin(Received received) {
    String topic = DeadLetter.text(received.record(), DeadLetter.ORIGINAL_TOPIC, "");
    if (topic.isEmpty()) {
      return new Origin(
          received.slot().topic(),
          received.slot().partition(),
          received.offset(),
          firstTimestampMs(received),
          Topics.ROUTER_GROUP);
    }
    return new Origin(
        topic,
        (int) DeadLetter.number(received.record(), DeadLetter.ORIGINAL_PARTITION, -1),
        DeadLetter.number(received.record(), DeadLetter.ORIGINAL_OFFSET, -1),
        DeadLetter.number(
            received.record(), DeadLetter.ORIGINAL_TIMESTAMP, firstTimestampMs(received)),
        DeadLetter.text(received.record(), DeadLetter.ORIGINAL_GROUP, Topics.ROUTER_GROUP));
  }
}
