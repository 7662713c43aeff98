/**
 * Text generation as an engine of {@code worker.device}: decoders with their tokenizers and chat
 * templates, and their schedulers on one device. Opened, run and closed by the device's thread; the
 * models it hands out make rows on the preparing thread.
 */
@NullMarked
package dev.headrace.worker.generate;

import org.jspecify.annotations.NullMarked;
