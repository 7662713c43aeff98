/**
 * Which rows run together, and when. Pure: knows lengths, deadlines and the service curve, no
 * clock, no thread, no Kafka. The loop feeds it and asks it for batches.
 */
@NullMarked
package dev.headrace.worker.batch;

import org.jspecify.annotations.NullMarked;
