/**
 * The engine {@code openai-upstream}: feeds a server on the worker's own machine that speaks
 * OpenAI's API. Opened, stepped and closed by the device's thread; {@link java.net.http.HttpClient}
 * answers on threads of its own, which only put events into a queue. Models make rows on the
 * preparing thread.
 */
@NullMarked
package dev.headrace.worker.upstream;

import org.jspecify.annotations.NullMarked;
