package dev.headrace.transport.redis;

/**
 * The stores of one Redis or Redis Cluster, over one pool of connections. Thread-safe. Connections
 * are made when they are needed, so that a program can start while Redis is away; only a cluster
 * must be there.
 */
public final class RedisStores implements AutoCloseable {
  private final RedisConfig config;
  private final RedisLink link;
  private final RedisOutcomeStore outcomeStore;
  private final RedisResultCache resultCache;
  private final DeliveryStore deliveryStore;
  private final DeviceRegistry deviceRegistry;
  private final RouterRegistry routerRegistry;
  private final CrashLedger crashLedger;
  private final ChunkStore chunkStore;

  private RedisStores(RedisConfig config, RedisLink link) {
    this.config = config;
    this.link = link;
    this.outcomeStore = new RedisOutcomeStore(link, config);
    this.resultCache = new RedisResultCache(link, config);
    this.deliveryStore = new RedisDeliveryStore(link, outcomeStore, resultCache);
    this.deviceRegistry = new RedisDeviceRegistry(link, config);
    this.routerRegistry = new RedisRouterRegistry(link, config);
    this.crashLedger = new RedisCrashLedger(link, config);
    this.chunkStore = new RedisChunkStore(link, config);
  }

  /**
   * Makes the pool.
   *
   * @throws dev.headrace.protocol.FailureException STORE_UNAVAILABLE when no node of a cluster
   *     answers
   */
  public static RedisStores connect(RedisConfig config) {
    return new RedisStores(config, RedisLink.connect(config, config.connections()));
  }

  public OutcomeStore outcomeStore() {
    return outcomeStore;
  }

  public ResultCache resultCache() {
    return resultCache;
  }

  public DeliveryStore deliveryStore() {
    return deliveryStore;
  }

  public DeviceRegistry deviceRegistry() {
    return deviceRegistry;
  }

  public RouterRegistry routerRegistry() {
    return routerRegistry;
  }

  public CrashLedger crashLedger() {
    return crashLedger;
  }

  public ChunkStore chunkStore() {
    return chunkStore;
  }

  /** A reader of a client's streamed texts, with a connection of its own; close it. */
  public ChunkReader chunkReader(String client) {
    return new RedisChunkReader(RedisLink.connect(config, 1), client, config.timeout());
  }

  /**
   * A reader of a client's reply stream, with a connection of its own; close it.
   *
   * @param fromId id of the entry behind which it begins, {@code 0} for all that the stream has
   */
  public ReplyReader replyReader(String client, String fromId) {
    return new RedisReplyReader(RedisLink.connect(config, 1), client, fromId, config.timeout());
  }

  @Override
  public void close() {
    link.close();
  }
}
