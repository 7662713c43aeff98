/**
 * The worker's loop: one thread that owns the consumer, the jobs in flight, the batcher and the
 * state. The way in is {@link dev.headrace.worker.loop.WorkerLoop#doWork}.
 */
@NullMarked
package dev.headrace.worker.loop;

import org.jspecify.annotations.NullMarked;
