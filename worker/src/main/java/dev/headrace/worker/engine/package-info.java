/**
 * Runs models with libtorch. The only package that imports DJL's engine; its exceptions do not
 * leave it.
 *
 * <p>An engine belongs to the thread that opens it: that thread runs it and closes it, because the
 * number of computing threads and the native memory belong to it. Several engines, each on a thread
 * of its own, run at the same time in one process.
 */
@NullMarked
package dev.headrace.worker.engine;

import org.jspecify.annotations.NullMarked;
