package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.sdk.FakeChunkReader;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ChunkStreamsTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  private final ChunkStreams streams = new ChunkStreams(new FakeChunkReader(), LONG);

  @Test
  void thread_that_waits_for_a_request_ends_at_once() throws Exception {
    LoopThread thread =
        new LoopThread(
            "idle",
            streams,
            failure -> {
              throw new AssertionError(failure);
            });
    thread.start();
    await().until(() -> waits("idle"));
    thread.stop();
    streams.end();
    assertThat(thread.awaitEnd(LONG.toNanos() / 10)).isTrue();
  }

  @Test
  void nothing_is_waited_for_after_the_end() throws Exception {
    streams.end();
    assertThat(streams.run()).isFalse();
    assertThat(streams.run()).isFalse();
  }

  private static boolean waits(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(t -> t.getName().equals(name) && t.getState() == Thread.State.TIMED_WAITING);
  }
}
