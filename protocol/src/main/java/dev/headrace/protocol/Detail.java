package dev.headrace.protocol;

/** Names of what an outcome says about how it came to be. Values are text; units in the name. */
public final class Detail {
  public static final String MODEL = "model";
  public static final String REVISION = "revision";
  public static final String TASK = "task";
  public static final String TIER = "tier";

  /** RFC 3339. */
  public static final String DEADLINE = "deadline";

  /** When the request was submitted, RFC 3339. */
  public static final String SUBMITTED = "submitted";

  public static final String DEVICE_TYPE = "devicetype";
  public static final String WORKER = "worker";

  /** Why the router chose this device type. */
  public static final String REASON = "reason";

  public static final String ATTEMPT = "attempt";

  /** {@code miss} (a device ran it), {@code hit} or {@code coalesced}. */
  public static final String CACHE = "cache";

  /** From submission to the start of its batch. */
  public static final String QUEUE_MS = "queuems";

  /** This request's share of its batch's service time. */
  public static final String SERVICE_MS = "servicems";

  /** Service seconds times the device's price; 0 for a cache hit. */
  public static final String USD = "usd";

  public static final String TOKENS = "tokens";

  /** Tokens that were generated, of all choices. */
  public static final String NEW_TOKENS = "newtokens";

  private Detail() {}
}
