/**
 * The worker: takes one lane's requests, runs models on one device, delivers outcomes. The way in
 * is {@link dev.headrace.worker.WorkerApp}, which lists the threads; then {@code loop}.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.worker;
