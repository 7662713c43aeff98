package dev.headrace.transport.redis;

import java.util.List;
import java.util.function.Function;

/**
 * Calls that may share a round trip with others, and what their replies mean.
 *
 * @param read is given the replies to these calls, in their order; may make further calls
 * @param <T> what became of it
 */
record Exchange<T>(List<Call> calls, Function<List<Reply>, T> read) {
  /** In a round trip of its own. */
  T over(RedisLink link) {
    return read.apply(link.run(calls));
  }
}
