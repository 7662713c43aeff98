/**
 * Hugging Face folders: {@code config.json}, the tokenizer's files and those that
 * sentence-transformers adds, with typed access and errors that name file, key and what was
 * expected. Files are not trusted: size, depth and every path in them are checked.
 *
 * <p>Called by the model store when a model is loaded, on the thread that loads it. What it gives
 * is immutable.
 */
@NullMarked
package dev.headrace.worker.model.hf;

import org.jspecify.annotations.NullMarked;
