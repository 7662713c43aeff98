/**
 * JSON from files that are not trusted: strict, and bounded in size and depth before anything is
 * kept.
 *
 * <p>Called by the readers of Hugging Face folders ({@code model.hf}, {@code model.safetensors}),
 * on the thread that loads a model.
 */
@NullMarked
package dev.headrace.worker.model.json;

import org.jspecify.annotations.NullMarked;
