/**
 * Weights in the safetensors format: memory-mapped files, one or several shards with an index.
 * Files are not trusted: the header's length, its JSON, every offset and every shape are checked
 * before a byte of a tensor is touched, and file names in an index cannot leave the folder.
 *
 * <p>Called by {@code model.hf} when a model is loaded, on the thread that loads it. What it gives
 * is immutable; the mappings go with the garbage collector.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
@NullMarked
package dev.headrace.worker.model.safetensors;

import org.jspecify.annotations.NullMarked;
