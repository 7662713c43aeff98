/**
 * GGUF files: metadata, tensors (quantised ones become float32 as they are read) and the tokenizer,
 * in the terms of Hugging Face: keys of {@code config.json}, names of weights, {@code
 * tokenizer.json}. The format is that of ggml's {@code docs/gguf.md}, versions 2 and 3.
 *
 * <p>Files are mapped, not trusted: counts, lengths, offsets and types are checked.
 */
@NullMarked
package dev.headrace.worker.model.gguf;

import org.jspecify.annotations.NullMarked;
