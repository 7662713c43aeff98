/**
 * What a model is: its description, where its files come from, and the built-in catalogue.
 *
 * <p>Called by the worker when it starts and when a request names a model (any thread: descriptions
 * are immutable), and by {@code worker.engine} and {@code worker.text} when they open one.
 */
@NullMarked
package dev.headrace.worker.model;

import org.jspecify.annotations.NullMarked;
