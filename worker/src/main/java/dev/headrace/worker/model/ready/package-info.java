/**
 * TorchScript that others made, beside a {@code headrace.json} that says what goes in and comes
 * out. The files are not trusted as far as we read them, and the pickle in them is not ours to
 * read; libtorch runs the program that they are.
 *
 * <p>Called by {@code worker.model.store}, on the thread that looks for models.
 */
@NullMarked
package dev.headrace.worker.model.ready;

import org.jspecify.annotations.NullMarked;
