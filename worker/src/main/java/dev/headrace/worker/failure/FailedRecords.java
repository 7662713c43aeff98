package dev.headrace.worker.failure;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.DeadLetter.Origin;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.event.WorkCodec;
import dev.headrace.transport.kafka.Received;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The records of requests that failed. Both kinds keep where the record was first read: a record
 * that says so already is believed, else it is where this worker read it.
 */
public final class FailedRecords {
  private final String group;
  private final String deviceType;

  public FailedRecords(String group, String deviceType) {
    this.group = group;
    this.deviceType = deviceType;
  }

  /**
   * A dead letter: the record as it was received, but for packed attributes, with the reason.
   *
   * @param request what it holds, null when it cannot be read
   */
  public WireRecord deadLetter(
      Received received, @Nullable InferenceRequest request, Failure failure) {
    List<String> tried = new ArrayList<>();
    int attempts = 1;
    if (request != null) {
      tried.addAll(request.attempts().tried());
      attempts = request.attempts().number();
    }
    tried.add(deviceType);
    WireRecord record =
        request == null ? received.record() : WorkCodec.unpacked(received.record(), request);
    return record.with(DeadLetter.headers(origin(received), failure, attempts, tried));
  }

  /**
   * The record of another attempt.
   *
   * @param next the request with its next attempt
   * @param dueMs when it may be routed again, in epoch milliseconds
   */
  public WireRecord retry(Received received, InferenceRequest next, Failure failure, long dueMs) {
    Origin origin = origin(received);
    long first =
        DeadLetter.number(
            received.record(), DeadLetter.RETRY_ORIGINAL_TIMESTAMP, origin.timestampMs());
    int attempt = next.attempts().number();
    List<WireHeader> headers = new ArrayList<>();
    headers.addAll(DeadLetter.headers(origin, failure, attempt, next.attempts().tried()));
    return RequestCodec.encode(next)
        .with(headers)
        .with(DeadLetter.retryHeaders(attempt, dueMs, first));
  }

  private Origin origin(Received r) {
    WireRecord record = r.record();
    String topic = record.text(DeadLetter.ORIGINAL_TOPIC);
    if (topic == null) {
      return new Origin(r.slot().topic(), r.slot().partition(), r.offset(), r.timestampMs(), group);
    }
    return new Origin(
        topic,
        (int) DeadLetter.number(record, DeadLetter.ORIGINAL_PARTITION, r.slot().partition()),
        DeadLetter.number(record, DeadLetter.ORIGINAL_OFFSET, r.offset()),
        DeadLetter.number(record, DeadLetter.ORIGINAL_TIMESTAMP, r.timestampMs()),
        DeadLetter.text(record, DeadLetter.ORIGINAL_GROUP, group));
  }
}
