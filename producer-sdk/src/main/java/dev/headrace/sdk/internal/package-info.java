/**
 * The inside of the client; not for users, may change at any time.
 *
 * <p>A request goes from the caller's thread through {@code SendQueue} to {@code Sender} (thread
 * {@code headrace-sdk-sender}); what waits for its outcome is in {@code PendingTable}, which all
 * threads share; {@code Replies} (thread {@code headrace-sdk-replies}) finds the outcomes, with the
 * help of {@code OutcomeTopicReader} when Redis cannot; {@code Completions} (thread {@code
 * headrace-sdk-completions}) completes the futures. {@code ClientCore} wires them.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.sdk.internal;
