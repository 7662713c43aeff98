/**
 * The Java client of Headrace: submit requests, await, fetch and cancel their outcomes.
 *
 * <p>Start at {@link dev.headrace.sdk.HeadraceClient}. It is thread-safe; one per program is
 * enough. Requests are made with {@link dev.headrace.sdk.Request}; tiers, error codes and statuses
 * are those of {@code dev.headrace.protocol}.
 *
 * <p>Threads of ours, all daemons and all made in {@code internal.SdkThreads}:
 *
 * <ul>
 *   <li>{@code headrace-sdk-sender}: looks requests up in Redis and appends them to Kafka.
 *   <li>{@code headrace-sdk-replies}: reads the reply stream and fetches outcomes; reads outcomes
 *       from Kafka while Redis is away or has lost data.
 *   <li>{@code headrace-sdk-streams}: reads text while it is generated, if somebody reads along.
 *   <li>{@code headrace-sdk-completions}: completes futures and serves the subscribers of streamed
 *       text. <b>Callbacks run here</b> unless they are attached with an {@code Async} method or to
 *       a future that is complete already. One that throws harms nobody; one that blocks delays the
 *       completion of other futures, not the reception of their outcomes; one that waits for
 *       another future of the same client waits in vain.
 * </ul>
 *
 * Kafka's producer has one more of its own ({@code kafka-producer-network-thread}).
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.sdk;
