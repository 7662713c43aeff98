package dev.headrace.transport.redis;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import java.util.regex.Pattern;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisBusyException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisRedirectionException;
import redis.clients.jedis.exceptions.JedisValidationException;

/** Says in Headrace's words what Jedis threw. */
final class RedisErrors {
  /**
   * Answers of a server that cannot serve now and may later, perhaps after a person acted (memory
   * full, disk full, password changed). Redis 6.2 wraps them into the text of a script's error.
   */
  private static final Pattern NOT_NOW =
      Pattern.compile(
          "\\b(LOADING|READONLY|OOM|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOAUTH"
              + "|NOPERM|WRONGPASS|MOVED|ASK)\\b");

  private RedisErrors() {}

  /** The failure for an exception that says why Redis did not do the call at this place. */
  static FailureException translate(RuntimeException e, String place) {
    ErrorCode code = isDefect(e) ? ErrorCode.INTERNAL_ERROR : ErrorCode.STORE_UNAVAILABLE;
    return new FailureException(code, place + ": " + message(e), e);
  }

  /** Whether calling again cannot help: a value of the wrong type, an error in a script. */
  private static boolean isDefect(RuntimeException e) {
    if (e instanceof JedisAccessControlException
        || e instanceof JedisBusyException
        || e instanceof JedisRedirectionException) {
      return false;
    }
    if (e instanceof JedisDataException || e instanceof JedisValidationException) {
      return !NOT_NOW.matcher(message(e)).find();
    }
    return !(e instanceof JedisException);
  }

  /** The innermost message: Jedis wraps "refused" into "could not get a resource". */
  private static String message(Throwable e) {
    Throwable innermost = e;
    for (int depth = 0; innermost.getCause() != null && depth < 10; depth++) {
      innermost = innermost.getCause();
    }
    String text = innermost.getMessage();
    return text == null ? innermost.getClass().getSimpleName() : text;
  }
}
