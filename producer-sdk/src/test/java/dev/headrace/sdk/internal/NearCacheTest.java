package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.TraceContext;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NearCacheTest {
  private long nanos;
  private final NearCache cache = cache(3, 10_000);

  private NearCache cache(int entries, long bytes) {
    return new NearCache(new NearCache.Limits(entries, bytes, Duration.ofSeconds(60)), () -> nanos);
  }

  private static Outcome outcome(String id, int bytes) {
    return new Outcome(
        new Address("c", id, false, null),
        Status.OK,
        null,
        Instant.EPOCH,
        "/tests",
        Map.of(),
        new byte[bytes],
        TraceContext.NONE);
  }

  @Test
  void without_hits_only_every_sixteenth_request_is_looked_up_until_hits_come_again() {
    assertThat(cache.worthAsking()).isTrue();
    for (int i = 0; i < 300; i++) {
      cache.answered(false);
    }
    int asked = 0;
    for (int i = 0; i < 160; i++) {
      asked += cache.worthAsking() ? 1 : 0;
    }
    assertThat(asked).isEqualTo(10);
    cache.answered(true);
    cache.answered(true);
    assertThat(cache.worthAsking()).isTrue();
    assertThat(cache.worthAsking()).isTrue();
  }

  @Test
  void result_answers_until_its_time_is_over() {
    cache.keep("k", outcome("a", 10));
    nanos += Duration.ofSeconds(59).toNanos();
    assertThat(cache.find("k")).isEqualTo(outcome("a", 10));
    cache.keep("k", outcome("b", 10)); // an answer from here does not make it younger
    nanos += Duration.ofSeconds(1).toNanos();
    assertThat(cache.find("k")).isNull();
    assertThat(cache.stats().nearEntries()).isZero();
    assertThat(cache.stats().nearBytes()).isZero();
  }

  @Test
  void least_recently_used_goes_first() {
    cache.keep("a", outcome("a", 1));
    cache.keep("b", outcome("b", 1));
    cache.keep("c", outcome("c", 1));
    assertThat(cache.find("a")).isNotNull();
    cache.keep("d", outcome("d", 1));
    assertThat(cache.find("b")).isNull();
    assertThat(cache.find("a")).isNotNull();
    assertThat(cache.find("c")).isNotNull();
    assertThat(cache.find("d")).isNotNull();
  }

  @Test
  void result_that_is_larger_than_the_cache_is_not_kept_and_evicts_nobody() {
    cache.keep("a", outcome("a", 1));
    cache.keep("big", outcome("big", 10_000));
    assertThat(cache.find("big")).isNull();
    assertThat(cache.find("a")).isNotNull();
  }

  @Test
  void cache_of_no_entries_keeps_nothing() {
    NearCache none = cache(0, 10_000);
    none.keep("a", outcome("a", 1));
    assertThat(none.find("a")).isNull();
  }

  @Test
  void bounds_hold_whatever_comes() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    NearCache any = cache(20, 50_000);
    for (int i = 0; i < 20_000; i++) {
      nanos += random.nextInt(1_000_000_000);
      String key = "k" + random.nextInt(60);
      if (random.nextBoolean()) {
        any.keep(key, outcome(key, random.nextInt(9000)));
      } else {
        Outcome found = any.find(key);
        assertThat(found == null || found.id().equals(key)).as("seed %d", seed).isTrue();
      }
      assertThat(any.stats().nearEntries()).as("seed %d", seed).isBetween(0, 20);
      assertThat(any.stats().nearBytes()).as("seed %d", seed).isBetween(0L, 50_000L);
    }
  }
}
