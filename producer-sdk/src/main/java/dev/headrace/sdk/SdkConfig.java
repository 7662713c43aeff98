package dev.headrace.sdk;

import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.RequestCodec;
import java.time.Duration;

/**
 * The client's settings. The defaults are chosen.
 *
 * @param client name under which outcomes and the reply stream are kept, empty for a new one
 * @param tenant of requests that name none
 * @param tier of requests that name none
 * @param queueRequests requests that wait for the sender at most
 * @param queueBytes bytes of their bodies at most
 * @param maxPending requests that wait for their outcomes at most
 * @param submitWait how long submit may wait for room
 * @param sendTimeout from submission to Kafka's acknowledgement
 * @param inlineBytes largest body that travels in the Kafka record
 * @param grace wait for an outcome after the deadline
 * @param sweepInterval between two looks at all outcomes that are waited for
 * @param fallbackAfter how long Redis may be away before outcomes are read from Kafka
 * @param refresh between two looks at the models' revisions
 * @param nearEntries results that the client keeps itself at most, 0 for none
 * @param nearBytes of their bodies at most
 * @param nearTtl how long such a result answers
 * @param closeTimeout of {@link HeadraceClient#close()}
 */
public record SdkConfig(
    String client,
    String tenant,
    Tier tier,
    int queueRequests,
    long queueBytes,
    int maxPending,
    Duration submitWait,
    Duration sendTimeout,
    long inlineBytes,
    Duration grace,
    Duration sweepInterval,
    Duration fallbackAfter,
    Duration refresh,
    int nearEntries,
    long nearBytes,
    Duration nearTtl,
    Duration closeTimeout) {

  private static final String NAME = "1..64 of A-Z a-z 0-9 . _ -";

  /** Reads the settings; {@link Settings#requireValid} then says what is wrong with them. */
  public static SdkConfig read(Settings s) {
    return new SdkConfig(
        s.text(
            "sdk.client-id",
            "",
            RequestCodec.CLIENT,
            NAME,
            "Name of the client; a fixed one finds its results after a restart."),
        s.text(
            "sdk.tenant",
            InferenceRequest.DEFAULT_TENANT,
            RequestCodec.CLIENT,
            NAME,
            "Tenant of requests that name none."),
        s.choice("sdk.tier", Tier.STANDARD, Tier::wireName, "Tier of requests that name none."),
        s.integer(
            "sdk.queue-requests", 10_000, 1, 10_000_000, "Requests that wait to be sent at most."),
        s.bytes("sdk.queue-bytes", "64MiB", "Bodies of the requests that wait to be sent at most."),
        s.integer(
            "sdk.max-pending",
            200_000,
            1,
            100_000_000,
            "Requests that wait for their outcome at most."),
        duration(
            s,
            "sdk.submit-wait",
            10,
            0,
            "How long submit waits for room before the request fails."),
        duration(s, "sdk.send-timeout", 30, 1, "How long Kafka may take to acknowledge a request."),
        s.bytes(
            "sdk.inline-bytes",
            "512KiB",
            "Largest body that travels in the Kafka record; a larger one waits in Redis."),
        duration(s, "sdk.grace", 30, 0, "Wait for an outcome after the request's deadline."),
        duration(s, "sdk.sweep-interval", 30, 1, "Between two looks at all outcomes waited for."),
        duration(
            s,
            "sdk.fallback-after",
            5,
            0,
            "How long Redis may be away before outcomes are read from Kafka."),
        duration(s, "sdk.refresh", 3, 1, "Between two looks at the models that workers serve."),
        s.integer(
            "sdk.near-cache.entries",
            1000,
            0,
            10_000_000,
            "Results that the client itself keeps for equal requests at most; 0 for none."),
        s.bytes("sdk.near-cache.bytes", "16MiB", "Size of those results at most."),
        duration(
            s, "sdk.near-cache.ttl", 60, 1, "How long a result that the client keeps answers."),
        duration(s, "sdk.close-timeout", 10, 0, "How long closing waits for requests to be sent."));
  }

  private static Duration duration(
      Settings s, String key, int seconds, int minSeconds, String description) {
    return s.duration(
        key,
        Duration.ofSeconds(seconds),
        Duration.ofSeconds(minSeconds),
        Duration.ofHours(1),
        description);
  }
}
