package dev.headrace.worker.batch;

import dev.headrace.protocol.service.ServiceCurve;

/**
 * What may be in a batch of one model now.
 *
 * @param maxRows rows
 * @param maxTokens rows times padded length
 * @param maxSeconds predicted service time
 * @param curve the prediction
 * @param pads whether each row costs as much as the longest; else its own tokens
 */
record Limits(int maxRows, long maxTokens, double maxSeconds, ServiceCurve curve, boolean pads) {
  /** Whether so many rows at the cost of this length may run together. One row always may. */
  boolean allow(int rows, int length) {
    return rows <= 1
        || (rows <= maxRows
            && (long) rows * length <= maxTokens
            && curve.batchSeconds(rows, length) <= maxSeconds);
  }
}
