package dev.headrace.protocol.naming;

/**
 * The Redis keys. The part in braces is the hash tag: all keys that one script touches share it, so
 * that they live in one slot of a cluster.
 */
public final class RedisKeys {
  /** Sorted set of worker ids by the time of the last heartbeat in epoch milliseconds. */
  public static final String DEVICES = "headrace:devices";

  /** Sorted set of router ids by the time of the last heartbeat in epoch milliseconds. */
  public static final String ROUTERS = "headrace:routers";

  /** Hash of request to the number of crashes of workers that ran it. */
  public static final String CRASHES = "headrace:{crashes}:count";

  /** Set of the ids of workers that left a mark of what they run. */
  public static final String MARKED = "headrace:{crashes}:workers";

  private static final String RESULT = "}:result:";

  private RedisKeys() {}

  /** Stream that announces the ids of a client's finished requests. */
  public static String replies(String client) {
    return "headrace:{" + client + "}:reply";
  }

  /** Hash with the outcome of a request and whether Kafka has it. */
  public static String result(String client, String id) {
    return "headrace:{" + client + RESULT + id;
  }

  /** Whether a key is one of {@link #result}; no other key of Headrace looks like it. */
  public static boolean isResult(String key) {
    return key.startsWith("headrace:{") && key.indexOf(RESULT) == key.indexOf('}');
  }

  /** Stream with the text of a request as it is generated. */
  public static String chunks(String client, String id) {
    return "headrace:{" + client + "}:chunks:" + id;
  }

  /** A body that travels by reference. */
  public static String blob(String client, String id) {
    return "headrace:{" + client + "}:blob:" + id;
  }

  /** What the cache holds, or who leads the identical requests in flight until it does. */
  public static String cache(String cacheKey) {
    return "headrace:{" + cacheKey + "}:cache";
  }

  /** The requests that wait for the leader's outcome. */
  public static String followers(String cacheKey) {
    return "headrace:{" + cacheKey + "}:followers";
  }

  /** Heartbeat of a worker: a hash with a time to live. */
  public static String device(String workerId) {
    return "headrace:device:" + workerId;
  }

  /** Heartbeat of a router: a hash with a time to live. */
  public static String router(String routerId) {
    return "headrace:router:" + routerId;
  }

  /** The requests of the batch that a worker runs now. */
  public static String running(String workerId) {
    return "headrace:{crashes}:running:" + workerId;
  }
}
