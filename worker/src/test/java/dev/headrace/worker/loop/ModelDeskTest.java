package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Attempts;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.worker.device.BrokenModel;
import dev.headrace.worker.device.ModelLoader;
import dev.headrace.worker.device.ModelOffer;
import dev.headrace.worker.device.OneShotEngine;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Models that come and go, and those that never come; the test says when the loader moves. */
class ModelDeskTest {
  private static final Attempts LAST =
      new Attempts(4, List.of("a", "b", "c"), List.of("a", "b", "c"));

  private final Cluster cluster = new Cluster();
  private final List<String> events = new ArrayList<>();

  private final ModelLoader loader =
      new ModelLoader() {
        @Override
        public List<ModelOffer> offers() {
          return List.of(offer("words", true), offer("other", false), offer("bad", false));
        }

        @Override
        public long budgetBytes() {
          return 2;
        }

        @Override
        public ServedModel load(String name) {
          events.add("load " + name);
          if (name.equals("bad")) {
            throw new FailureException(ErrorCode.MODEL_NOT_LOADED, "bad: no weights");
          }
          return WordModel.named(name);
        }

        @Override
        public void unload(String name) {
          events.add("unload " + name);
        }
      };

  private static ModelOffer offer(String name, boolean pinned) {
    return new ModelOffer(name, "r1", Set.of(Task.EMBEDDINGS), 1, pinned, null);
  }

  private final FakeRunner runner =
      new FakeRunner(WordModel.named("words")) {
        @Override
        public Optional<ModelLoader> loader() {
          return Optional.of(loader);
        }
      };

  private TestWorker worker(FakeRunner engine) {
    return new TestWorker(cluster, "w1", () -> new OneShotEngine(engine, cluster::nanos));
  }

  private Requests asking(String id, String model) {
    return Requests.request(id)
        .model(model)
        .body(EmbeddingsRequest.of(model, List.of("text")).encode())
        .time(cluster.now());
  }

  private ModelState state(String model) {
    return cluster.registry.list().get(0).models().get(model).state();
  }

  @Test
  void batches_of_one_model_run_while_another_is_being_loaded() {
    TestWorker worker = worker(runner).started();
    cluster.add(asking("waits", "other"));
    worker.run();
    // The loader has the call and does not move: its thread is in the middle of a load.
    for (int i = 0; i < 20; i++) {
      cluster.add(asking("runs" + i, "words"));
      worker.run();
      assertThat(cluster.outcome("runs" + i).status()).isEqualTo(Status.OK);
    }
    assertThat(events).isEmpty();
    assertThat(cluster.outcome("waits")).isNull();
    assertThat(worker.stepLoader()).isTrue();
    worker.run();
    assertThat(events).containsExactly("load other");
    assertThat(cluster.outcome("waits").status()).isEqualTo(Status.OK);
  }

  @Test
  void model_is_fetched_once_however_many_requests_queue_up_for_it() {
    TestWorker worker = worker(runner).started();
    for (int i = 0; i < 10; i++) {
      cluster.add(asking("r" + i, "other"));
    }
    worker.run();
    while (worker.stepLoader()) {
      worker.run();
    }
    assertThat(events).containsExactly("load other");
    for (int i = 0; i < 10; i++) {
      assertThat(cluster.outcome("r" + i).status()).isEqualTo(Status.OK);
    }
  }

  /** The second text fits only where the other model is not. */
  @Test
  void batch_that_does_not_fit_is_run_again_whole_when_an_idle_model_is_gone() {
    TestWorker worker = worker(runner).started();
    cluster.add(asking("first", "other"));
    worker.run();
    assertThat(worker.stepLoader()).isTrue();
    worker.run();
    assertThat(cluster.outcome("first").status()).isEqualTo(Status.OK);
    runner.batches.clear();
    runner.memoryTokens = 1;
    cluster.add(asking("a", "words"), asking("b", "words"));
    worker.run();
    assertThat(cluster.outcome("a")).isNull();
    runner.memoryTokens = 2;
    assertThat(worker.stepLoader()).isTrue();
    worker.run();
    assertThat(events).containsExactly("load other", "unload other");
    assertThat(runner.batches).containsExactly(List.of("text", "text"), List.of("text", "text"));
    assertThat(cluster.outcome("a").status()).isEqualTo(Status.OK);
    assertThat(cluster.outcome("b").status()).isEqualTo(Status.OK);
  }

  @Test
  void batch_that_does_not_fit_is_halved_when_no_model_can_go() {
    TestWorker worker = worker(runner).started();
    runner.memoryTokens = 1;
    cluster.add(asking("a", "words"), asking("b", "words"));
    worker.run();
    assertThat(events).isEmpty();
    assertThat(runner.batches)
        .containsExactly(List.of("text", "text"), List.of("text"), List.of("text"));
    assertThat(cluster.outcome("a").status()).isEqualTo(Status.OK);
  }

  @Test
  void model_that_cannot_be_loaded_gives_its_reason_and_the_pinned_one_stays() {
    TestWorker worker = worker(runner).started();
    cluster.add(asking("last", "bad").attempts(LAST));
    worker.run();
    while (worker.stepLoader()) {
      worker.run();
    }
    Failure failure = cluster.outcome("last").failure();
    assertThat(failure.code()).isEqualTo(ErrorCode.MODEL_NOT_LOADED);
    assertThat(failure.message()).contains("bad: no weights");
    // The next heartbeat says it.
    cluster.advance(Duration.ofSeconds(2));
    worker.run();
    assertThat(state("bad")).isEqualTo(ModelState.FAILED);
    assertThat(state("words")).isEqualTo(ModelState.LOADED);
    assertThat(events).doesNotContain("unload words");
  }

  @Test
  void broken_model_is_told_in_heartbeats_and_to_its_requests_while_others_run() {
    FakeRunner engine = new FakeRunner(WordModel.named("words"));
    engine.broken =
        List.of(
            new BrokenModel(
                "bent", new Failure(ErrorCode.MODEL_NOT_LOADED, "bent: config.json: missing")));
    TestWorker worker = worker(engine).started();
    cluster.add(asking("fails", "bent").attempts(LAST), asking("runs", "words"));
    worker.run();
    assertThat(cluster.outcome("runs").status()).isEqualTo(Status.OK);
    Failure failure = cluster.outcome("fails").failure();
    assertThat(failure.code()).isEqualTo(ErrorCode.MODEL_NOT_LOADED);
    assertThat(failure.message()).contains("bent: config.json: missing");
    assertThat(state("bent")).isEqualTo(ModelState.FAILED);
    assertThat(state("words")).isEqualTo(ModelState.LOADED);
  }
}
