/**
 * How the worker's threads talk: each owns a bounded mailbox. Anyone may post; only the owner
 * reads.
 */
@NullMarked
package dev.headrace.worker.mailbox;

import org.jspecify.annotations.NullMarked;
