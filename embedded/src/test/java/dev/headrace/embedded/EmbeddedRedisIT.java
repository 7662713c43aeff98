package dev.headrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisConnectionException;

class EmbeddedRedisIT {
  @Test
  void value_that_was_set_is_read_back() {
    try (EmbeddedRedis redis = EmbeddedRedis.builder().build().start();
        RedisClient client = RedisClient.create(URI.create(redis.uri()))) {
      client.set("k", "v");

      assertThat(client.get("k")).isEqualTo("v");
      assertThat(client.info("server")).contains("redis_version:6.2");
    }
  }

  @Test
  void stopped_redis_starts_again_empty_on_its_port() {
    try (EmbeddedRedis redis = EmbeddedRedis.builder().build().start();
        RedisClient client = RedisClient.create(URI.create(redis.uri()))) {
      client.set("k", "v");
      String uri = redis.uri();
      long firstPid = redis.pid();

      redis.stop();
      assertThat(ProcessHandle.of(firstPid)).isEmpty();
      assertThatThrownBy(() -> client.get("k")).isInstanceOf(JedisConnectionException.class);
      redis.start();

      assertThat(redis.uri()).isEqualTo(uri);
      assertThat(redis.pid()).isNotEqualTo(firstPid);
      assertThat(client.get("k")).isNull();
    }
  }

  @Test
  void redis_that_crashed_starts_again() throws Exception {
    try (EmbeddedRedis redis = EmbeddedRedis.builder().build().start()) {
      ProcessHandle crashed = ProcessHandle.of(redis.pid()).orElseThrow();
      crashed.destroyForcibly();

      redis.stop();
      redis.start();

      assertThat(crashed.isAlive()).isFalse();
      try (RedisClient client = RedisClient.create(URI.create(redis.uri()))) {
        assertThat(client.ping()).isEqualTo("PONG");
      }
    }
  }

  @Test
  void data_survives_a_stop_when_settings_ask_for_it() {
    try (EmbeddedRedis redis =
            EmbeddedRedis.builder().setting("appendonly", "yes").build().start();
        RedisClient client = RedisClient.create(URI.create(redis.uri()))) {
      client.set("k", "v");

      redis.stop();
      redis.start();

      try (RedisClient again = RedisClient.create(URI.create(redis.uri()))) {
        assertThat(again.get("k")).isEqualTo("v");
      }
    }
  }

  @Test
  void close_ends_the_process_deletes_the_folder_and_may_be_repeated() {
    EmbeddedRedis redis = EmbeddedRedis.builder().build().start();
    long pid = redis.pid();
    Path folder = redis.folder();
    assertThat(ProcessHandle.of(pid)).isPresent();
    assertThat(folder).isDirectory();

    redis.close();
    redis.close();

    assertThat(ProcessHandle.of(pid)).isEmpty();
    assertThat(folder).doesNotExist();
  }

  @Test
  void port_that_was_taken_in_the_meantime_is_an_error_that_says_so() throws Exception {
    try (EmbeddedRedis redis = EmbeddedRedis.builder().build().start()) {
      redis.stop();
      try (ServerSocketChannel thief = LoopbackPorts.bind(redis.port())) {
        assertThat(thief.isOpen()).isTrue();
        assertThatThrownBy(redis::start)
            .isInstanceOf(EmbeddedServerException.class)
            .hasStackTraceContaining("Address already in use");
      }
    }
  }

  @Test
  void bad_setting_is_named_and_leaves_nothing() {
    EmbeddedRedis redis = EmbeddedRedis.builder().setting("maxmemory", "plenty").build();

    assertThatThrownBy(redis::start)
        .isInstanceOf(EmbeddedServerException.class)
        .hasStackTraceContaining("maxmemory plenty");
    assertThat(redis.folder()).isNull();
  }
}
