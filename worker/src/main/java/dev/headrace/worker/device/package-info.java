/**
 * Models at work on one device: what an engine is, and the thread that owns it. The loop posts
 * batches, the thread {@code engine-<device>} opens the engine, runs it and closes it; nothing else
 * touches an engine.
 */
@NullMarked
package dev.headrace.worker.device;

import org.jspecify.annotations.NullMarked;
