package dev.headrace.protocol.event;

import dev.headrace.protocol.Failure;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The headers that tell where a dead letter or a retried record came from and why. Names and
 * encodings are Spring Kafka's (KafkaHeaders, DeadLetterPublishingRecoverer, retry topics), so that
 * its tools read them: numbers are big-endian bytes, texts UTF-8. Headrace adds {@code
 * headrace_error-code} and {@code headrace_tried}.
 */
public final class DeadLetter {
  public static final String ORIGINAL_TOPIC = "kafka_dlt-original-topic";
  public static final String ORIGINAL_PARTITION = "kafka_dlt-original-partition";
  public static final String ORIGINAL_OFFSET = "kafka_dlt-original-offset";
  public static final String ORIGINAL_TIMESTAMP = "kafka_dlt-original-timestamp";
  public static final String ORIGINAL_GROUP = "kafka_dlt-original-consumer-group";
  public static final String EXCEPTION_CLASS = "kafka_dlt-exception-fqcn";
  public static final String EXCEPTION_MESSAGE = "kafka_dlt-exception-message";
  public static final String RETRY_ATTEMPTS = "retry_topic-attempts";
  public static final String RETRY_AT = "retry_topic-backoff-timestamp";
  public static final String RETRY_ORIGINAL_TIMESTAMP = "retry_topic-original-timestamp";
  public static final String ERROR_CODE = "headrace_error-code";

  /** The device type of each attempt, in order, with commas. */
  public static final String TRIED = "headrace_tried";

  /** Size of the value that was left out because Kafka would not take so large a dead letter. */
  public static final String OMITTED_BYTES = "headrace_omitted-bytes";

  private DeadLetter() {}

  /** Where a record was first read from. */
  public record Origin(String topic, int partition, long offset, long timestampMs, String group) {}

  /** The headers of a dead letter. */
  public static List<WireHeader> headers(
      Origin origin, Failure failure, int attempts, List<String> tried) {
    List<WireHeader> headers = new ArrayList<>();
    headers.add(WireHeader.of(ORIGINAL_TOPIC, origin.topic()));
    headers.add(new WireHeader(ORIGINAL_PARTITION, int32(origin.partition())));
    headers.add(new WireHeader(ORIGINAL_OFFSET, int64(origin.offset())));
    headers.add(new WireHeader(ORIGINAL_TIMESTAMP, int64(origin.timestampMs())));
    headers.add(WireHeader.of(ORIGINAL_GROUP, origin.group()));
    headers.add(
        WireHeader.of(EXCEPTION_CLASS, dev.headrace.protocol.FailureException.class.getName()));
    headers.add(WireHeader.of(EXCEPTION_MESSAGE, failure.message()));
    headers.add(new WireHeader(RETRY_ATTEMPTS, int32(attempts)));
    headers.add(WireHeader.of(ERROR_CODE, failure.code().wireId()));
    if (!tried.isEmpty()) {
      headers.add(WireHeader.of(TRIED, String.join(",", tried)));
    }
    return headers;
  }

  /** The headers of a record that waits in a retry topic. */
  public static List<WireHeader> retryHeaders(int attempt, long dueMs, long originalTimestampMs) {
    return List.of(
        new WireHeader(RETRY_ATTEMPTS, int32(attempt)),
        new WireHeader(RETRY_AT, int64(dueMs)),
        new WireHeader(RETRY_ORIGINAL_TIMESTAMP, int64(originalTimestampMs)));
  }

  /**
   * Reads a number header of 1 to 8 bytes, big-endian with a sign (Spring writes numbers of 4 and 8
   * bytes, and times with as many bytes as they need); the fallback when there is none.
   */
  public static long number(WireRecord record, String name, long otherwise) {
    for (int i = record.headers().size() - 1; i >= 0; i--) {
      WireHeader header = record.headers().get(i);
      byte[] value = header.value();
      if (header.name().equals(name) && value != null) {
        return value.length >= 1 && value.length <= Long.BYTES
            ? new BigInteger(value).longValue()
            : otherwise;
      }
    }
    return otherwise;
  }

  /** Reads a text header, or the fallback. */
  public static String text(WireRecord record, String name, String otherwise) {
    String value = record.text(name);
    return value == null ? otherwise : value;
  }

  private static byte[] int32(int value) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
  }

  private static byte[] int64(long value) {
    return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
  }
}
