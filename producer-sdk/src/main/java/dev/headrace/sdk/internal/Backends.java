package dev.headrace.sdk.internal;

import dev.headrace.transport.kafka.EventProducer;
import dev.headrace.transport.kafka.OutcomeTail;
import dev.headrace.transport.redis.ChunkReader;
import dev.headrace.transport.redis.DeviceRegistry;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.ReplyReader;
import dev.headrace.transport.redis.ResultCache;
import dev.headrace.transport.redis.RouterRegistry;

/**
 * Kafka and Redis as the client uses them; closed with it.
 *
 * @param producer to the tier topics
 * @param tails of the topics of outcomes
 * @param outcomes outcomes in Redis
 * @param cache cached results in Redis
 * @param devices heartbeats of workers in Redis
 * @param routers heartbeats of routers in Redis
 * @param replies the client's reply stream, from its beginning
 * @param chunks streamed text of the client's requests
 * @param connections closed last
 */
public record Backends(
    EventProducer producer,
    OutcomeTail.Source tails,
    OutcomeStore outcomes,
    ResultCache cache,
    DeviceRegistry devices,
    RouterRegistry routers,
    ReplyReader replies,
    ChunkReader chunks,
    Runnable connections) {}
