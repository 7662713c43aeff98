package dev.headrace.transport.kafka;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.KafkaFuture;

/** Waits for answers of Kafka's admin client, each for a bounded time. Thread-safe. */
final class AdminCalls {
  private final Duration timeout;
  private final String servers;

  AdminCalls(KafkaConfig config) {
    this.timeout = config.timeout();
    this.servers = String.join(",", config.bootstrapServers());
  }

  <T> T await(KafkaFuture<T> future, String what) {
    return await(future, what, Set.of())
        .orElseThrow(() -> new FailureException(ErrorCode.INTERNAL_ERROR, what + ": no answer"));
  }

  /** The answer, or empty for one of the expected errors or an answer that is null. */
  <T> Optional<T> await(
      KafkaFuture<T> future, String what, Set<Class<? extends Exception>> expected) {
    try {
      // Kafka's own timeout comes first; this one is for a broker that answers half.
      long limit = timeout.plus(Duration.ofSeconds(1)).toMillis();
      return Optional.ofNullable(future.get(limit, TimeUnit.MILLISECONDS));
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (expected.contains(cause.getClass())) {
        return Optional.empty();
      }
      throw KafkaErrors.ofCall(cause, what + " at " + servers);
    } catch (TimeoutException e) {
      throw new FailureException(
          ErrorCode.BROKER_UNAVAILABLE, what + " at " + servers + ": no answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailureException(ErrorCode.INTERNAL_ERROR, what + ": interrupted", e);
    }
  }
}
