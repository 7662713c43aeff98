package dev.headrace.worker.batch;

import dev.headrace.protocol.service.ServiceCurve;

/**
 * What may be in a batch of one model now.
 *
 * @param maxRows rows
 * @param maxTokens rows times padded length
 * @param maxSeconds predicted service time
 * @param curve the prediction
 */
record Limits(int maxRows, long maxTokens, double maxSeconds, ServiceCurve curve) {
  /** Whether so many rows of this padded length may run together. One row always may. */
  boolean allow(int rows, int paddedLength) {
    return rows <= 1
        || (rows <= maxRows
            && (long) rows * paddedLength <= maxTokens
            && curve.batchSeconds(rows, paddedLength) <= maxSeconds);
  }
}
