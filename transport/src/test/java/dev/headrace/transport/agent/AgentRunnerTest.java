package dev.headrace.transport.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AgentRunnerTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  /** Notes what is asked of it. */
  private static class Recording implements Agent {
    final List<String> calls = new CopyOnWriteArrayList<>();
    final CountDownLatch worked = new CountDownLatch(3);
    int toDrain = 2;

    @Override
    public String name() {
      return "recording";
    }

    @Override
    public void doWork() {
      worked.countDown();
      if (calls.contains("drain")) {
        toDrain--;
      }
    }

    @Override
    public boolean drained() {
      return toDrain <= 0;
    }

    @Override
    public void drain() {
      calls.add("drain on " + Thread.currentThread().getName());
      calls.add("drain");
    }

    @Override
    public void close(Duration timeout) {
      calls.add("close on " + Thread.currentThread().getName());
    }
  }

  @Test
  void agent_works_until_it_is_closed_and_has_drained() throws Exception {
    Recording agent = new Recording();
    AgentRunner runner = new AgentRunner(agent, LONG);
    runner.start();
    assertThat(agent.worked.await(20, TimeUnit.SECONDS)).isTrue();
    runner.close();
    runner.close();

    assertThat(runner.running()).isFalse();
    assertThat(runner.failure()).isNull();
    assertThat(agent.toDrain).isZero();
    assertThat(agent.calls).containsExactly("drain on recording", "drain", "close on recording");
  }

  @Test
  void failure_ends_the_agent_and_is_kept() throws Exception {
    IllegalStateException failure = new IllegalStateException("broken");
    Recording agent =
        new Recording() {
          @Override
          public void doWork() {
            throw failure;
          }
        };
    AgentRunner runner = new AgentRunner(agent, LONG);
    runner.start();

    assertThat(runner.awaitEnd(LONG)).isTrue();
    assertThat(runner.failure()).isSameAs(failure);
    assertThat(agent.calls).containsExactly("close on recording");
  }

  @Test
  void error_while_closing_still_ends_the_agent() throws Exception {
    Recording agent =
        new Recording() {
          @Override
          public void close(Duration timeout) {
            throw new AssertionError("broken");
          }
        };
    agent.toDrain = 0;
    AgentRunner runner = new AgentRunner(agent, LONG);
    runner.start();
    runner.close();

    assertThat(runner.running()).isFalse();
    assertThat(runner.failure()).hasMessage("broken");
  }

  @Test
  void agent_that_never_drains_is_stopped_after_the_timeout() {
    Recording agent = new Recording();
    agent.toDrain = Integer.MAX_VALUE;
    AgentRunner runner = new AgentRunner(agent, Duration.ofMillis(20));
    runner.start();
    runner.close();

    assertThat(runner.running()).isFalse();
  }

  @Test
  void thread_is_gone_when_close_returns() {
    for (int i = 0; i < 200; i++) {
      String name = "gone-" + i;
      Recording agent =
          new Recording() {
            @Override
            public String name() {
              return name;
            }
          };
      AgentRunner runner = new AgentRunner(agent, LONG);
      runner.start();
      runner.close();
      assertThat(Thread.getAllStackTraces().keySet())
          .extracting(Thread::getName)
          .doesNotContain(name);
    }
  }

  @Test
  void agent_that_hangs_is_interrupted() {
    Recording agent =
        new Recording() {
          @Override
          public void doWork() {
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              calls.add("interrupted");
              Thread.currentThread().interrupt();
            }
          }
        };
    AgentRunner runner = new AgentRunner(agent, Duration.ofMillis(20));
    runner.start();
    runner.close();

    assertThat(agent.calls).contains("interrupted");
    assertThat(runner.running()).isFalse();
  }

  @Test
  void closing_an_agent_that_never_started_takes_no_time() {
    Recording agent = new Recording();
    AgentRunner runner = new AgentRunner(agent, LONG);
    runner.close();

    assertThat(runner.running()).isFalse();
    assertThat(agent.calls).containsExactly("close on " + Thread.currentThread().getName());
    assertThatThrownBy(runner::start).isInstanceOf(IllegalStateException.class);
  }
}
