package dev.headrace.worker.batch;

import dev.headrace.protocol.service.ServiceCurve;

/** What is known about the service time of a model. */
public interface Outlook {
  /** The service curve of this model. */
  ServiceCurve curve(String model);

  /** Rows of a usual batch of this model, >= 1. */
  double batchRows(String model);

  /** Most tokens, padding included, that the device had memory for; Long.MAX_VALUE if unknown. */
  long maxTokens(String model);
}
