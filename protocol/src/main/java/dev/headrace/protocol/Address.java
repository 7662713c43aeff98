package dev.headrace.protocol;

import org.jspecify.annotations.Nullable;

/**
 * Whose request it is and where its outcome goes.
 *
 * @param client owner of the result keys and of the reply stream; {@code [A-Za-z0-9._-]{1,64}}
 * @param id the request id, unique for this client
 * @param streamed whether the outcome is announced on the client's reply stream in Redis
 * @param replyTo the Kafka topic of the outcome in place of {@code headrace.outcomes}, or null
 */
public record Address(String client, String id, boolean streamed, @Nullable String replyTo) {}
