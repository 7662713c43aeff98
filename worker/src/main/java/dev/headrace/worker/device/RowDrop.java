package dev.headrace.worker.device;

import dev.headrace.protocol.body.FinishReason;

/**
 * A row that nobody waits for any more, or not for longer.
 *
 * @param batch the batch's number
 * @param row its index in its batch
 * @param reason {@link FinishReason#DEADLINE} or {@link FinishReason#CANCELLED}
 */
public record RowDrop(long batch, int row, FinishReason reason) {}
