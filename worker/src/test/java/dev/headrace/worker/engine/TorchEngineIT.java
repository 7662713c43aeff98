package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.testing.Leftovers;
import dev.headrace.worker.text.TokenizedText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class TorchEngineIT {
  private static final ModelDescription MODEL = TinyModel.describe();
  private static final int BATCHES = 10_000;

  /** Measured: up to 76; a leak of 1 KiB a batch would be 10,000. */
  private static final long ALLOWED_GROWTH_KIB = 2_000;

  @Test
  void rows_come_back_in_order_and_alone_or_together_are_the_same() throws Exception {
    for (Precision precision : new Precision[] {Precision.FLOAT32, Precision.BFLOAT16}) {
      float tolerance = precision == Precision.FLOAT32 ? 1e-5f : 2e-2f;
      try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
          EncoderSession session = engine.load(MODEL, precision)) {
        List<TokenizedText> texts = TinyModel.texts(new Random(1), 50, 64);
        EncodedBatch together = session.run(texts);
        for (int i = 0; i < texts.size(); i++) {
          float[] alone = session.run(texts.subList(i, i + 1)).row(0);
          assertThat(together.row(i)).containsExactly(alone, within(tolerance));
        }
      }
    }
  }

  @Test
  void more_threads_give_the_same_rows() throws Exception {
    List<TokenizedText> texts = TinyModel.texts(new Random(3), 60, 64);
    for (Precision precision : new Precision[] {Precision.FLOAT32, Precision.INT8}) {
      try (TorchEngine one = TorchEngine.open(DeviceInventory.cpu(), 1);
          TorchEngine three = TorchEngine.open(DeviceInventory.cpu(), 3);
          EncoderSession expected = one.load(MODEL, precision);
          EncoderSession session = three.load(MODEL, precision)) {
        float tolerance = precision == Precision.FLOAT32 ? 1e-5f : 0.05f;
        for (int rows : new int[] {1, 2, 60}) {
          EncodedBatch actual = session.run(texts.subList(0, rows));
          EncodedBatch same = expected.run(texts.subList(0, rows));
          for (int i = 0; i < rows; i++) {
            assertThat(actual.row(i)).containsExactly(same.row(i), within(tolerance));
          }
        }
      }
    }
  }

  @Test
  void int8_is_close_to_float32() throws Exception {
    List<TokenizedText> texts = TinyModel.texts(new Random(1), 50, 64);
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
        EncoderSession exact = engine.load(MODEL, Precision.FLOAT32);
        EncoderSession session = engine.load(MODEL, Precision.INT8)) {
      EncodedBatch expected = exact.run(texts);
      EncodedBatch actual = session.run(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(actual.row(i)).containsExactly(expected.row(i), within(0.05f));
      }
    }
  }

  @Test
  void an_empty_batch_gives_no_rows() throws Exception {
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
        EncoderSession session = engine.load(MODEL, Precision.FLOAT32)) {
      assertThat(session.run(List.of()).rows()).isZero();
    }
  }

  @Test
  void tokens_that_do_not_fit_the_model_are_refused_with_their_row() throws Exception {
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
        EncoderSession session = engine.load(MODEL, Precision.FLOAT32)) {
      TokenizedText good = text(1, 2);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.run(List.of(good, text(TinyModel.VOCABULARY))))
          .withMessage("row 1: token id 50 (expected: 0..49)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.run(List.of(text())))
          .withMessage("row 0: 0 tokens (expected: 1..64)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.run(List.of(text(new int[65]))))
          .withMessage("row 0: 65 tokens (expected: 1..64)");
      assertThat(session.run(List.of(good)).rows()).isEqualTo(1);
    }
  }

  @Test
  void only_the_thread_that_opened_an_engine_may_use_it() throws Exception {
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
        EncoderSession session = engine.load(MODEL, Precision.FLOAT32)) {
      CompletableFuture<EncodedBatch> elsewhere =
          CompletableFuture.supplyAsync(() -> session.run(List.of(text(1))));
      assertThatThrownBy(elsewhere::join)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void a_closed_session_says_so() throws Exception {
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1)) {
      EncoderSession session = engine.load(MODEL, Precision.FLOAT32);
      session.close();
      session.close();
      assertThatThrownBy(() -> session.run(List.of(text(1)))).hasMessageContaining("closed");
    }
  }

  @Test
  void a_model_without_a_weight_fails_to_load_with_its_name_and_leaves_no_file() throws Exception {
    ModelDescription broken = TinyModel.without("encoder.layer.1.output.dense.bias");
    Leftovers leftovers = Leftovers.since("headrace-*.{pt,onnx}");
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1)) {
      assertThatThrownBy(() -> engine.load(broken, Precision.INT8))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining("encoder.layer.1.output.dense.bias");
      engine.load(MODEL, Precision.FLOAT32).close();
    }
    leftovers.awaitNone();
  }

  @Test
  void engines_of_two_precisions_run_at_the_same_time() throws Exception {
    List<TokenizedText> texts = TinyModel.texts(new Random(5), 20, 64);
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    for (Precision precision : new Precision[] {Precision.FLOAT32, Precision.INT8}) {
      Thread thread =
          new Thread(
              () -> {
                try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
                    EncoderSession session = engine.load(MODEL, precision)) {
                  float[] first = session.run(texts).row(0);
                  for (int i = 0; i < 200; i++) {
                    assertThat(session.run(texts).row(0)).containsExactly(first);
                  }
                } catch (Throwable e) {
                  synchronized (failures) {
                    failures.add(e);
                  }
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void ten_thousand_batches_of_random_shapes_leave_memory_flat() throws Exception {
    for (String precision : new String[] {"fp32", "int8"}) {
      assertThat(grownKib(precision, 1)).as(precision).isLessThan(ALLOWED_GROWTH_KIB);
    }
    assertThat(grownKib("fp32", 3)).as("three threads").isLessThan(ALLOWED_GROWTH_KIB);
  }

  private static long grownKib(String precision, int threads) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-Xms64m",
            "-Xmx64m",
            "-XX:+AlwaysPreTouch",
            "-XX:TieredStopAtLevel=1", // C2 takes and gives back 8 MiB when it likes
            MemoryProbe.class.getName(),
            precision,
            Integer.toString(BATCHES),
            Integer.toString(threads));
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process probe = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try {
      String output = new String(probe.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(probe.waitFor()).isZero();
      return Long.parseLong(output.strip().replace("grown ", ""));
    } finally {
      probe.destroyForcibly();
    }
  }

  private static TokenizedText text(int... ids) {
    return new TokenizedText(ids, false);
  }
}
