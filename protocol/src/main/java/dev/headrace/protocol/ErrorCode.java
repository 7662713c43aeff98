package dev.headrace.protocol;

import java.util.Arrays;
import java.util.Optional;

/** Every error that a result or a dead letter may carry. */
public enum ErrorCode {
  /**
   * The record is no CloudEvent that can be read: attribute missing, doubled or of the wrong form.
   */
  MALFORMED_EVENT("malformed_event", ErrorKind.INVALID_REQUEST),
  /** The CloudEvents version or the event type is not one that this version reads. */
  UNSUPPORTED_EVENT("unsupported_event", ErrorKind.INVALID_REQUEST),
  /** The body is not JSON in UTF-8, or a field is missing or of the wrong type or size. */
  INVALID_BODY("invalid_body", ErrorKind.INVALID_REQUEST),
  /** No worker serves the model. */
  UNKNOWN_MODEL("unknown_model", ErrorKind.INVALID_REQUEST),
  /** The task has no such name, or the model does not do it. */
  UNKNOWN_TASK("unknown_task", ErrorKind.INVALID_REQUEST),
  /** The input is larger than a limit. */
  INPUT_TOO_LARGE("input_too_large", ErrorKind.INVALID_REQUEST),
  /** No device type had room before the deadline, or every attempt was refused. */
  NO_CAPACITY("no_capacity", ErrorKind.OVERLOADED),
  /** The tenant has used its quota up, and the request may not or cannot wait for more. */
  QUOTA_EXCEEDED("quota_exceeded", ErrorKind.OVERLOADED),
  /** Redis did not answer. */
  STORE_UNAVAILABLE("store_unavailable", ErrorKind.TRANSIENT),
  /** Kafka did not answer. */
  BROKER_UNAVAILABLE("broker_unavailable", ErrorKind.TRANSIENT),
  /** The server that the worker feeds did not answer, or broke off. */
  UPSTREAM_UNAVAILABLE("upstream_unavailable", ErrorKind.TRANSIENT),
  /** Worker after worker was given the request and brought no outcome. */
  WORKERS_LOST("workers_lost", ErrorKind.TRANSIENT),
  /** The device has too little memory for the request. */
  OUT_OF_MEMORY("out_of_memory", ErrorKind.RESOURCE),
  /** The worker could not load the model; the message says why. Another device type may. */
  MODEL_NOT_LOADED("model_not_loaded", ErrorKind.RESOURCE),
  /** A defect in Headrace or in the model. */
  INTERNAL_ERROR("internal_error", ErrorKind.INTERNAL),
  /** Two workers died while they ran this request alone. */
  POISON("poison", ErrorKind.INTERNAL),
  /** Retried as often as allowed. */
  ATTEMPTS_EXHAUSTED("attempts_exhausted", ErrorKind.INTERNAL),
  /** The body travelled by reference and is gone from the store. */
  PAYLOAD_LOST("payload_lost", ErrorKind.INTERNAL),
  /** The device failed and must be re-created. */
  DEVICE_LOST("device_lost", ErrorKind.FATAL);

  private final String wireId;
  private final ErrorKind kind;

  ErrorCode(String wireId, ErrorKind kind) {
    this.wireId = wireId;
    this.kind = kind;
  }

  /** The stable name in results and dead letters. */
  public String wireId() {
    return wireId;
  }

  /** What the error asks for. */
  public ErrorKind kind() {
    return kind;
  }

  /** The code with this wire id. */
  public static Optional<ErrorCode> ofWireId(String id) {
    return Arrays.stream(values()).filter(c -> c.wireId.equals(id)).findFirst();
  }
}
