package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.transport.testing.InMemoryCrashLedger;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import dev.headrace.transport.testing.InMemoryResultCache;
import dev.headrace.transport.testing.InMemoryRouterRegistry;
import dev.headrace.transport.testing.Outage;
import dev.headrace.transport.testing.Samples;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The fakes keep the contracts. */
class InMemoryStoresTest {
  private final AtomicLong nanos = new AtomicLong();

  private void advance(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Nested
  class Outcomes extends OutcomeStoreContract {
    private final InMemoryOutcomeStore store = new InMemoryOutcomeStore();

    @Override
    OutcomeStore store() {
      return store;
    }

    @Override
    List<String> replies(String client) {
      return store.replies(client);
    }
  }

  @Nested
  class Cache extends ResultCacheContract {
    private final ResultCache cache = new InMemoryResultCache(nanos::get);

    @Override
    ResultCache cache() {
      return cache;
    }

    @Override
    void deliver(Outcome outcome) {} // it keeps its own copies

    @Override
    void pass(Duration time) {
      advance(time);
    }
  }

  @Nested
  class Registry extends DeviceRegistryContract {
    private final DeviceRegistry registry = new InMemoryDeviceRegistry(nanos::get, TIME_TO_LIVE);

    @Override
    DeviceRegistry registry() {
      return registry;
    }

    @Override
    void pass(Duration time) {
      advance(time);
    }
  }

  @Nested
  class Routers extends RouterRegistryContract {
    private final RouterRegistry registry =
        new InMemoryRouterRegistry(nanos::get, TIME_TO_LIVE, new Outage());

    @Override
    RouterRegistry registry() {
      return registry;
    }

    @Override
    void pass(Duration time) {
      advance(time);
    }
  }

  @Nested
  class Crashes extends CrashLedgerContract {
    private final InMemoryDeviceRegistry registry =
        new InMemoryDeviceRegistry(nanos::get, Duration.ofSeconds(10));
    private final CrashLedger ledger = new InMemoryCrashLedger(registry::lives);

    @Override
    CrashLedger ledger() {
      return ledger;
    }

    @Override
    void beat(String workerId) {
      registry.publish(Samples.report(workerId));
    }
  }

  @Test
  void store_that_is_down_does_nothing_and_says_so() {
    InMemoryOutcomeStore store = new InMemoryOutcomeStore();
    store.outage().begin();

    assertThatThrownBy(() -> store.deliver(List.of(Samples.outcome("c", "r", "x"))))
        .isInstanceOfSatisfying(
            FailureException.class,
            e -> assertThat(e.failure().code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE));
    assertThat(store.outcomes()).isEmpty();
  }

  @Test
  void store_that_loses_answers_does_its_work() {
    InMemoryOutcomeStore store = new InMemoryOutcomeStore();
    store.outage().loseAnswers();

    assertThatThrownBy(() -> store.deliver(List.of(Samples.outcome("c", "r", "x"))))
        .isInstanceOf(FailureException.class);
    assertThat(store.outcomes()).hasSize(1);
  }
}
