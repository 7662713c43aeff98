package dev.headrace.transport.redis;

import dev.headrace.protocol.config.Settings;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/**
 * How Redis is reached and how long it keeps what.
 *
 * @param uri {@code redis://user:password@host:port/database}, or {@code rediss} for TLS; of a
 *     cluster any node
 * @param cluster whether it is a Redis Cluster
 * @param timeout of connecting, of each answer, and of waiting for a free connection
 * @param connections most connections of this program (of a cluster: to each node)
 * @param resultTtl of outcomes and of bodies that travel by reference
 * @param cacheTtl of cached results
 * @param cacheMaxEntryBytes largest result that is cached
 * @param followerTtl of the list of requests that wait for an identical one
 * @param maxFollowers most requests in that list; the others ask again later
 * @param replyTtl of a client's reply stream after its last entry
 * @param replyMaxLength entries that a reply stream keeps, about
 * @param heartbeatTtl after which a silent worker counts as dead
 * @param chunkTtl of a request's streamed text after its last piece
 * @param chunkMaxLength pieces that such a stream keeps, about
 */
public record RedisConfig(
    URI uri,
    boolean cluster,
    Duration timeout,
    int connections,
    Duration resultTtl,
    Duration cacheTtl,
    long cacheMaxEntryBytes,
    Duration followerTtl,
    int maxFollowers,
    Duration replyTtl,
    int replyMaxLength,
    Duration heartbeatTtl,
    Duration chunkTtl,
    int chunkMaxLength) {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration YEAR = Duration.ofDays(365);

  /** Without user and password. */
  @Override
  public String toString() {
    String database = uri.getPath() == null ? "" : uri.getPath();
    return "RedisConfig["
        + uri.getScheme()
        + "://"
        + uri.getHost()
        + ":"
        + uri.getPort()
        + database
        + (cluster ? ", cluster]" : "]");
  }

  public static RedisConfig read(Settings s) {
    return new RedisConfig(
        s.uri(
            "redis.uri",
            "redis://127.0.0.1:6379",
            List.of("redis", "rediss"),
            "Where Redis is; user, password and database may stand in it, rediss is TLS."),
        s.flag("redis.cluster", false, "Whether it is a Redis Cluster; the URI names one node."),
        s.duration(
            "redis.timeout",
            Duration.ofSeconds(2),
            Duration.ofMillis(10),
            Duration.ofMinutes(1),
            "Wait for a connection and for each answer."),
        s.integer(
            "redis.connections",
            32,
            1,
            1000,
            "Most connections of this program; each is made when it is needed."),
        s.duration(
            "redis.result-ttl", DAY, SECOND, YEAR, "How long outcomes and referenced bodies stay."),
        s.duration(
            "redis.cache-ttl",
            DAY,
            SECOND,
            YEAR,
            "How long results are found by content; at most as long as outcomes stay."),
        s.bytes("redis.cache-max-entry-bytes", "256KiB", "Largest result that is cached."),
        s.duration(
            "redis.follower-ttl",
            Duration.ofMinutes(10),
            SECOND,
            DAY,
            "How long requests that wait for an identical one are remembered."),
        s.integer(
            "redis.max-followers",
            1024,
            1,
            1_000_000,
            "Most requests remembered as waiting for one; more come back later by themselves."),
        s.duration(
            "redis.reply-ttl", DAY, SECOND, YEAR, "How long a reply stream stays after its end."),
        s.integer(
            "redis.reply-max-length",
            100_000,
            100,
            100_000_000,
            "Entries that a client's reply stream keeps, about."),
        s.duration(
            "redis.heartbeat-ttl",
            Duration.ofSeconds(10),
            SECOND,
            Duration.ofHours(1),
            "Silence after which a worker counts as dead."),
        s.duration(
            "redis.chunk-ttl",
            Duration.ofMinutes(10),
            SECOND,
            DAY,
            "How long the streamed text of a request stays after its last piece."),
        s.integer(
            "redis.chunk-max-length",
            10_000,
            10,
            1_000_000,
            "Pieces that the streamed text of a request keeps, about."));
  }
}
