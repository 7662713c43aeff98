package dev.headrace.transport.delivery;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.event.WorkCodec;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What becomes of a record that Kafka will never take. */
final class Refused {
  private static final String SOURCE = "/headrace/delivery";

  private Refused() {}

  /**
   * The dead letter of a request that could not be appended to a topic. Its origin is that topic,
   * with partition and offset -1, unless the record says where it came from.
   */
  static WireRecord deadLetter(String topic, WireRecord record, Failure failure, Instant now) {
    Decoded decoded = WorkCodec.decode(record, now);
    Attempts attempts =
        decoded instanceof Decoded.Valid v ? v.request().attempts() : Attempts.FIRST;
    DeadLetter.Origin origin =
        new DeadLetter.Origin(
            DeadLetter.text(record, DeadLetter.ORIGINAL_TOPIC, topic),
            (int) DeadLetter.number(record, DeadLetter.ORIGINAL_PARTITION, -1),
            DeadLetter.number(record, DeadLetter.ORIGINAL_OFFSET, -1),
            DeadLetter.number(record, DeadLetter.ORIGINAL_TIMESTAMP, now.toEpochMilli()),
            DeadLetter.text(record, DeadLetter.ORIGINAL_GROUP, ""));
    WireRecord readable =
        decoded instanceof Decoded.Valid v ? WorkCodec.unpacked(record, v.request()) : record;
    return readable.with(DeadLetter.headers(origin, failure, attempts.number(), attempts.tried()));
  }

  /** The outcome of that request, or null when the record does not say whose it is. */
  static @Nullable Outcome outcome(WireRecord record, Failure failure, Instant now) {
    Decoded decoded = WorkCodec.decode(record, now);
    if (decoded instanceof Decoded.Valid valid) {
      InferenceRequest request = valid.request();
      return Outcomes.failed(request, failure, now, SOURCE);
    }
    Address address = ((Decoded.Malformed) decoded).address();
    return address == null ? null : Outcomes.failed(address, failure, now, SOURCE);
  }

  /** A dead letter that is too large, without its value: the headers say where the original is. */
  static WireRecord withoutValue(WireRecord record) {
    byte[] value = record.value();
    int bytes = value == null ? 0 : value.length;
    WireHeader omitted = WireHeader.of(DeadLetter.OMITTED_BYTES, Integer.toString(bytes));
    return new WireRecord(record.key(), record.headers(), null).with(List.of(omitted));
  }
}
