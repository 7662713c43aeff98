/** What the worker's tests share: requests, a model of words, the worker on one thread. */
@org.jspecify.annotations.NullMarked
package dev.headrace.worker.testing;
