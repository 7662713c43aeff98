/**
 * The encoders of {@code worker.model}, {@code worker.text} and {@code worker.engine} as an engine
 * of {@code worker.device}. Opened, run and closed by the device's thread; the models it hands out
 * tokenise on the preparing thread.
 */
@NullMarked
package dev.headrace.worker.encode;

import org.jspecify.annotations.NullMarked;
