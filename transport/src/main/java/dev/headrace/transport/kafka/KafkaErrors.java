package dev.headrace.transport.kafka;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Says in Headrace's words what the Kafka clients threw. */
final class KafkaErrors {
  private KafkaErrors() {}

  /** A call that may be repeated when Kafka says so; else a defect or a wrong setting. */
  static FailureException ofCall(Throwable e, String what) {
    ErrorCode code =
        e instanceof RetriableException ? ErrorCode.BROKER_UNAVAILABLE : ErrorCode.INTERNAL_ERROR;
    return failure(code, what, e);
  }

  /**
   * A send. Only what is wrong with this record or this topic is a failure for good; all else, as a
   * wrong password, may be mended while the record waits, so it counts as TRANSIENT.
   */
  static FailureException ofSend(Throwable e, String topic) {
    if (e instanceof RecordTooLargeException || e instanceof RecordBatchTooLargeException) {
      return failure(ErrorCode.INPUT_TOO_LARGE, "record for " + topic, e);
    }
    return failure(
        isRefusal(e) ? ErrorCode.INTERNAL_ERROR : ErrorCode.BROKER_UNAVAILABLE,
        "record for " + topic,
        e);
  }

  private static boolean isRefusal(Throwable e) {
    return isUnknownTopic(e)
        || e instanceof InvalidTopicException
        || e instanceof TopicAuthorizationException
        || e instanceof PolicyViolationException
        || e instanceof InvalidRecordException
        || e instanceof InvalidTimestampException
        || e instanceof SerializationException;
  }

  /**
   * Whether a broker said that there is no such topic. The producer then waits until its time is
   * over, and names the broker's word as the cause; without a broker there is no cause.
   */
  static boolean isUnknownTopic(Throwable e) {
    return e instanceof UnknownTopicOrPartitionException
        || e.getCause() instanceof UnknownTopicOrPartitionException;
  }

  private static FailureException failure(ErrorCode code, String what, Throwable e) {
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new FailureException(code, what + ": " + message, e);
  }
}
