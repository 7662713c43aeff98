/**
 * A decoder model on one device as the scheduler of generation sees it: sequences that hold KV
 * memory, and steps that run tokens of several sequences at once. No vendor's types, so that a
 * scheduler can be tested without libtorch.
 *
 * <p>A session belongs to the engine thread that loaded it; no other may call it. {@code
 * worker.engine} implements it.
 */
@NullMarked
package dev.headrace.worker.generate.session;

import org.jspecify.annotations.NullMarked;
