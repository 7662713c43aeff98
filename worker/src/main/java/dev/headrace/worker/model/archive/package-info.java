/**
 * Generated TorchScript archives between the moment they are written and the moment libtorch has
 * read them, and, if wished, until the next load.
 *
 * <p>Called by {@code worker.engine}, on whichever thread loads a model.
 */
@NullMarked
package dev.headrace.worker.model.archive;

import org.jspecify.annotations.NullMarked;
