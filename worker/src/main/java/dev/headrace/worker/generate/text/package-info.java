/**
 * Tokens to text as they come: whole characters only, and nothing behind a stop string. Pure but
 * for the {@link dev.headrace.worker.generate.text.TokenDecoder}; used by the device's thread.
 */
@NullMarked
package dev.headrace.worker.generate.text;

import org.jspecify.annotations.NullMarked;
