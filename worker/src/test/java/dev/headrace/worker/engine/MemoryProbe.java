package dev.headrace.worker.engine;

import dev.headrace.worker.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * A program that runs batches of random shapes and prints how much its resident memory grew, in
 * KiB. It runs in a JVM of its own whose heap is small and touched beforehand, so that what grows
 * is native. The same shapes come again and again: one that is new to libtorch's int8 kernels
 * leaves something behind for good, once.
 */
final class MemoryProbe {
  private static final int WARM_UP = 5_000;

  /** Batches after which the shapes come again. */
  private static final int ROUND = 1_000;

  private MemoryProbe() {}

  public static void main(String[] args) throws IOException {
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), Integer.parseInt(args[2]));
        EncoderSession session = engine.load(TinyModel.describe(), Precision.ofLabel(args[0]))) {
      runBatches(session, WARM_UP);
      long before = residentKib();
      runBatches(session, Integer.parseInt(args[1]));
      System.out.println("grown " + (residentKib() - before));
    }
  }

  private static void runBatches(EncoderSession session, int batches) {
    Random random = new Random();
    for (int i = 0; i < batches; i++) {
      if (i % ROUND == 0) {
        random.setSeed(9);
      }
      session.run(TinyModel.texts(random, 1 + random.nextInt(6), 40));
    }
  }

  /** What the process has in memory. */
  static long residentKib() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("/proc/self/status has no VmRSS");
  }
}
