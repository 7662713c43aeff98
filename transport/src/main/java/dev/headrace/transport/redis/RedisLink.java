package dev.headrace.transport.redis;

import dev.headrace.protocol.FailureException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisNoScriptException;
import redis.clients.jedis.exceptions.JedisRedirectionException;
import redis.clients.jedis.util.JedisClusterCRC16;
import redis.clients.jedis.util.JedisURIHelper;

/** The connections to one Redis or Redis Cluster. Thread-safe. */
final class RedisLink implements AutoCloseable {
  /** Calls in one round trip (chosen: bounds what the server buffers for us). */
  private static final int MAX_PIPELINE = 1024;

  /** Keys of one MGET (chosen: some hundred kilobytes of usual outcomes). */
  private static final int MAX_KEYS = 128;

  private final UnifiedJedis client;

  private RedisLink(UnifiedJedis client) {
    this.client = client;
  }

  static RedisLink connect(RedisConfig config, int connections) {
    try {
      HostAndPort host = JedisURIHelper.getHostAndPort(withPort(config.uri()));
      ConnectionPoolConfig pool = pool(config, connections);
      UnifiedJedis client =
          config.cluster()
              ? RedisClusterClient.builder()
                  .nodes(Set.of(host))
                  .clientConfig(clientConfig(config))
                  .poolConfig(pool)
                  .maxTotalRetriesDuration(config.timeout())
                  .build()
              : RedisClient.builder()
                  .hostAndPort(host)
                  .clientConfig(clientConfig(config))
                  .poolConfig(pool)
                  .build();
      return new RedisLink(client);
    } catch (JedisException e) {
      throw RedisErrors.translate(e, "connect");
    }
  }

  private static URI withPort(URI uri) {
    return uri.getPort() >= 0 ? uri : URI.create(uri.getScheme() + "://" + uri.getHost() + ":6379");
  }

  private static ConnectionPoolConfig pool(RedisConfig config, int connections) {
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(connections);
    pool.setMaxIdle(connections);
    pool.setMaxWait(config.timeout());
    pool.setJmxEnabled(false);
    return pool;
  }

  private static JedisClientConfig clientConfig(RedisConfig config) {
    URI uri = config.uri();
    DefaultJedisClientConfig.Builder builder =
        DefaultJedisClientConfig.builder()
            .protocol(RedisProtocol.RESP2)
            .timeoutMillis((int) config.timeout().toMillis())
            .clientName("headrace");
    String userInfo = uri.getUserInfo();
    if (userInfo != null) {
      int colon = userInfo.indexOf(':');
      builder.user(colon > 0 ? userInfo.substring(0, colon) : null);
      builder.password(userInfo.substring(colon + 1));
    }
    if (!config.cluster() && JedisURIHelper.hasDbIndex(uri)) {
      builder.database(JedisURIHelper.getDBIndex(uri));
    }
    if ("rediss".equals(uri.getScheme())) {
      builder.sslOptions(SslOptions.builder().sslVerifyMode(SslVerifyMode.FULL).build());
    }
    return builder.build();
  }

  /**
   * Sends the calls in one round trip.
   *
   * @return in the same order
   * @throws FailureException STORE_UNAVAILABLE; some of the calls may have been done
   */
  List<Reply> run(List<Call> calls) {
    List<Reply> replies = new ArrayList<>(calls.size());
    for (int from = 0; from < calls.size(); from += MAX_PIPELINE) {
      List<Call> chunk = calls.subList(from, Math.min(calls.size(), from + MAX_PIPELINE));
      replies.addAll(runChunk(chunk));
    }
    return replies;
  }

  /**
   * The texts under these keys, in the same order; null where there is none, or something else.
   *
   * @throws FailureException STORE_UNAVAILABLE
   */
  List<byte @Nullable []> values(List<String> keys) {
    boolean clustered = client instanceof RedisClusterClient;
    List<Call> calls = new ArrayList<>();
    for (int from = 0; from < keys.size(); from += clustered ? 1 : MAX_KEYS) {
      int to = Math.min(keys.size(), from + (clustered ? 1 : MAX_KEYS));
      // One MGET for many keys is a third of the work of as many GETs; a cluster has no such call.
      calls.add(new Call(Command.MGET, null, keys.subList(from, to), List.of()));
    }
    List<byte @Nullable []> values = new ArrayList<>(keys.size());
    for (Reply reply : run(calls)) {
      for (Object value : Reply.list(reply.orThrow())) {
        values.add(value instanceof byte[] bytes ? bytes : null);
      }
    }
    return values;
  }

  /** Sends one call. */
  Reply run(Call call) {
    return run(List.of(call)).get(0);
  }

  private List<Reply> runChunk(List<Call> calls) {
    try {
      return exchange(calls);
    } catch (JedisException e) {
      throw RedisErrors.translate(e, calls.get(0).place());
    }
  }

  private List<Reply> exchange(List<Call> calls) {
    List<@Nullable Object> answers = pipelineAgainIfStale(calls);
    List<Reply> replies = new ArrayList<>(calls.size());
    for (int i = 0; i < calls.size(); i++) {
      Object answer = answers.get(i);
      if (answer instanceof JedisNoScriptException || answer instanceof JedisRedirectionException) {
        answer = single(calls.get(i));
      }
      replies.add(reply(calls.get(i), answer));
    }
    return replies;
  }

  private static Reply reply(Call call, @Nullable Object answer) {
    if (!(answer instanceof JedisException e)) {
      return new Reply(answer, null);
    }
    FailureException failure = RedisErrors.translate(e, call.place());
    if (failure.failure().code().kind() == dev.headrace.protocol.ErrorKind.TRANSIENT) {
      throw failure;
    }
    return new Reply(null, failure);
  }

  /** After a restart of Redis all pooled connections are dead: no reason to fail the call. */
  private List<@Nullable Object> pipelineAgainIfStale(List<Call> calls) {
    try {
      return pipeline(calls);
    } catch (JedisConnectionException e) {
      if (e.getCause() instanceof SocketTimeoutException) {
        throw e; // a second wait would exceed the bound
      }
      if (client instanceof RedisClient standalone) {
        standalone.getPool().clear();
      }
      return pipeline(calls);
    }
  }

  /** An answer is a value or, for the call alone, a JedisException. */
  private List<@Nullable Object> pipeline(List<Call> calls) {
    List<Response<Object>> responses = new ArrayList<>(calls.size());
    try (AbstractPipeline pipeline = client.pipelined()) {
      for (Call call : calls) {
        responses.add(pipeline.executeCommand(call.byDigest()));
      }
      pipeline.sync();
    }
    List<@Nullable Object> answers = new ArrayList<>(calls.size());
    for (Response<Object> response : responses) {
      answers.add(answer(response));
    }
    return answers;
  }

  private static @Nullable Object answer(Response<Object> response) {
    try {
      return response.get();
    } catch (JedisException e) {
      return e;
    }
  }

  /**
   * A script that Redis does not know, or a key that moved to another node: rare, so one by one.
   */
  private @Nullable Object single(Call call) {
    try {
      return client.executeCommand(call.bySource());
    } catch (JedisConnectionException e) {
      throw e;
    } catch (JedisException e) {
      return e;
    }
  }

  /** A connection to where this key lives, to be closed by the caller. */
  Connection connection(String key) {
    if (client instanceof RedisClusterClient clustered) {
      return clustered.getConnectionFromSlot(JedisClusterCRC16.getSlot(key));
    }
    return ((RedisClient) client).getPool().getResource();
  }

  /** Learns anew where keys live, after a connection failed. */
  void refresh() {
    if (client instanceof RedisClusterClient clustered) {
      clustered.refreshClusterTopology();
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
