/**
 * What Headrace's programs say to each other: requests, outcomes, error codes, tiers.
 *
 * <p>Everything here is immutable and free of I/O; every module uses it, on any thread. The
 * sub-packages hold the encodings (event, body), names on Kafka and Redis (naming), the model of
 * service time (service) and the reading of settings (config).
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.protocol;
