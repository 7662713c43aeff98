/** What the worker knows about its own speed, and tells the router. Owned by the loop's thread. */
@NullMarked
package dev.headrace.worker.heartbeat;

import org.jspecify.annotations.NullMarked;
