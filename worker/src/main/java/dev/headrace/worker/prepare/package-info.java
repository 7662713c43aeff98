/**
 * The work on bodies, off the loop and off the device: fetching, parsing and tokenising before a
 * batch, writing responses after it. Runs on the thread {@code prepare-<device>}, so that it
 * overlaps the running batch.
 */
@NullMarked
package dev.headrace.worker.prepare;

import org.jspecify.annotations.NullMarked;
