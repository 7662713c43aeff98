package dev.headrace.worker.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Failure;
import dev.headrace.worker.mailbox.Mailbox;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class LoaderAgentTest {
  @Test
  void model_that_is_being_loaded_when_the_worker_ends_is_left_and_the_next_is_not_begun() {
    List<String> begun = new ArrayList<>();
    Loading loading = new Loading();
    Mailbox<Runnable> loop = new Mailbox<>(4);
    Mailbox<LoadCall> calls = new Mailbox<>(4);
    LoadListener nobody =
        new LoadListener() {
          @Override
          public void loaded(ServedModel served, double seconds) {
            throw new AssertionError("loaded " + served.name());
          }

          @Override
          public void notLoaded(String name, Failure failure) {
            throw new AssertionError(failure.toString());
          }

          @Override
          public void unloaded(String name) {
            throw new AssertionError("unloaded " + name);
          }
        };
    ModelLoader loader =
        new ModelLoader() {
          @Override
          public List<ModelOffer> offers() {
            return List.of();
          }

          @Override
          public long budgetBytes() {
            return Long.MAX_VALUE;
          }

          @Override
          public ServedModel load(String name) {
            begun.add(name);
            loading.leave();
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
            throw new CancellationException(name);
          }

          @Override
          public void unload(String name) {}
        };
    LoaderAgent agent =
        new LoaderAgent("loader-test", calls, loop, nobody, loading, System::nanoTime);
    calls.offer(new LoadCall(loader, "a", true));
    calls.offer(new LoadCall(loader, "b", true));
    agent.doWork();
    agent.doWork();
    assertThat(loop.isEmpty()).as("nobody is there to hear of it").isTrue();
    assertThat(begun).containsExactly("a");
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }
}
