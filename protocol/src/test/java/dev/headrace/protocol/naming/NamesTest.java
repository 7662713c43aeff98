package dev.headrace.protocol.naming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Names that other programs and running versions rely on. */
class NamesTest {
  @Test
  void topics() {
    assertThat(Topics.routerInput())
        .containsExactly(
            "headrace.requests.economy",
            "headrace.requests.standard",
            "headrace.requests.premium",
            "headrace.retry-200",
            "headrace.retry-1000",
            "headrace.retry-5000",
            "headrace.retry-30000");
    assertThat(Topics.work("gpu")).isEqualTo("headrace.work.gpu");
    assertThat(Topics.workGroup("gpu")).isEqualTo("headrace.lane.gpu");
    assertThat(Topics.tierOf("headrace.requests.premium")).contains(Tier.PREMIUM);
    assertThat(Topics.tierOf("headrace.requests.gold")).isEmpty();
    assertThat(Topics.retryDelayOf("headrace.retry-5000")).contains(Duration.ofSeconds(5));
    assertThat(Topics.retryDelayOf("headrace.outcomes")).isEmpty();
    assertThatThrownBy(() -> Topics.retry(Duration.ofSeconds(2)))
        .hasMessageStartingWith("delay: PT2S (expected: one of [");
  }

  @Test
  void no_outcome_goes_where_requests_are_read() {
    assertThat(Topics.routerInput()).allMatch(Topics::isInput);
    assertThat(Topics.isInput(Topics.work("x"))).isTrue();
    assertThat(Topics.isInput(Topics.DEAD_LETTERS)).isTrue();
    assertThat(Topics.isInput(Topics.OUTCOMES)).isFalse();
    assertThat(Topics.isInput("shop.answers")).isFalse();
  }

  @Test
  void redis_keys() {
    assertThat(RedisKeys.replies("c")).isEqualTo("headrace:{c}:reply");
    assertThat(RedisKeys.result("c", "a:b")).isEqualTo("headrace:{c}:result:a:b");
    assertThat(RedisKeys.blob("c", "r")).isEqualTo("headrace:{c}:blob:r");
    assertThat(RedisKeys.cache("k")).isEqualTo("headrace:{k}:cache");
    assertThat(RedisKeys.followers("k")).isEqualTo("headrace:{k}:followers");
    assertThat(RedisKeys.device("w")).isEqualTo("headrace:device:w");
    assertThat(RedisKeys.running("w")).isEqualTo("headrace:{crashes}:running:w");
    assertThat(RedisKeys.isResult(RedisKeys.result("c", "r"))).isTrue();
    assertThat(RedisKeys.isResult(RedisKeys.blob("c", "}:result:x"))).isFalse();
    assertThat(RedisKeys.isResult("else")).isFalse();
  }

  @Test
  void cache_key_tells_all_parts_apart() {
    byte[] body = "{}".getBytes(StandardCharsets.UTF_8);

    assertThat(CacheKey.of("m", "r", Task.EMBEDDINGS, body))
        .hasSize(64)
        .isEqualTo(CacheKey.of("m", "r", Task.EMBEDDINGS, body.clone()))
        .isNotEqualTo(CacheKey.of("mr", "", Task.EMBEDDINGS, body))
        .isNotEqualTo(CacheKey.of("m", "r", Task.CLASSIFICATIONS, body))
        .isNotEqualTo(CacheKey.of("m", "r", Task.EMBEDDINGS, new byte[0]));
  }
}
