/**
 * How the worker's threads talk: each owns a bounded mailbox of calls and runs what is in it.
 * Anyone may post; only the owner runs.
 */
@NullMarked
package dev.headrace.worker.mailbox;

import org.jspecify.annotations.NullMarked;
