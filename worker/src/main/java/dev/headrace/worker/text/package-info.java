/**
 * Texts to token ids, with the tokenizers of Hugging Face. The only package that imports DJL's
 * tokenizers; their exceptions do not leave it.
 *
 * <p>Called by the worker's threads that prepare batches. A {@link TextTokenizer} may be used by
 * several threads at once.
 */
@NullMarked
package dev.headrace.worker.text;

import org.jspecify.annotations.NullMarked;
