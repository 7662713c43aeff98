package dev.headrace.worker.device;

/**
 * A row that is done.
 *
 * @param row its index in its batch
 * @param output what the model made of it
 * @param startedNanos when the device began with it
 * @param deviceSeconds its share of the device's time
 */
public record FinishedRow(int row, RowOutput output, long startedNanos, double deviceSeconds) {}
