package dev.headrace.bench.gpu;

import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.engine.EncoderSession;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.text.TokenizedText;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Two engines on two GPUs in one process, each on a thread of its own, without a pipeline. */
final class TwoEngines {
  private TwoEngines() {}

  /** Rows/s of both at the same time over twice those of the slower one alone, times two. */
  static double ratio(ModelDescription model, List<List<TokenizedText>> batches)
      throws InterruptedException {
    List<ComputeDevice> gpus =
        DeviceInventory.discover().stream()
            .filter(d -> d.kind() == ComputeDevice.Kind.CUDA)
            .limit(2)
            .toList();
    CyclicBarrier together = new CyclicBarrier(2);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Callable<double[]>> tasks = new ArrayList<>();
      for (ComputeDevice gpu : gpus) {
        tasks.add(() -> measure(gpu, model, batches, together, gpu.index()));
      }
      double[] alone = new double[2];
      double[] beside = new double[2];
      List<Future<double[]>> results = threads.invokeAll(tasks);
      for (int i = 0; i < 2; i++) {
        alone[i] = results.get(i).get()[0];
        beside[i] = results.get(i).get()[1];
      }
      // Rates are the inverse of the seconds a batch.
      return (1 / beside[0] + 1 / beside[1]) / (1 / Math.min(alone[0], alone[1]));
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      threads.shutdown();
    }
  }

  private static double[] measure(
      ComputeDevice gpu,
      ModelDescription model,
      List<List<TokenizedText>> batches,
      CyclicBarrier together,
      int turn)
      throws Exception {
    try (TorchEngine engine = TorchEngine.open(gpu, 1);
        EncoderSession session = engine.load(model, Precision.BFLOAT16)) {
      EncoderSpeed speed = new EncoderSpeed(session);
      double alone = 0;
      for (int i = 0; i < 2; i++) {
        together.await();
        if (i == turn) {
          alone = speed.throughput(batches);
        }
        together.await();
      }
      together.await();
      double beside = speed.throughput(batches);
      together.await();
      return new double[] {alone, beside};
    }
  }
}
