/**
 * {@code headrace bench generate}: tokens per second of a model that generates text, beside
 * llama.cpp with the same model, prompts and lengths.
 */
@NullMarked
package dev.headrace.bench.generate;

import org.jspecify.annotations.NullMarked;
