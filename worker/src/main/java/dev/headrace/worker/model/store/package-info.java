/**
 * Finds models: makes a {@code ModelDescription} of each Hugging Face folder under the models
 * folder.
 *
 * <p>Called once, by the thread that starts a worker, before its engine is opened.
 */
@NullMarked
package dev.headrace.worker.model.store;

import org.jspecify.annotations.NullMarked;
