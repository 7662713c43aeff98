package dev.headrace.bench.gpu;

import dev.headrace.worker.cuda.Cuda;
import dev.headrace.worker.cuda.DeviceMemory;
import dev.headrace.worker.cuda.PinnedMemory;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/** Speed of copies: pinned and pageable memory of the host, and between two GPUs. */
final class Transfers {
  private static final int ROUNDS = 20;

  /** The inputs of 256 rows of 128 tokens. */
  private static final int BATCH_BYTES = 256 * 128 * 4;

  private static final int LARGE_BYTES = 256 << 20;
  private static final long PEER_BYTES = 1L << 30;

  private Transfers() {}

  private interface Copy {
    void run();
  }

  /** Microseconds and GB/s from the host to the first GPU. */
  static Map<String, Double> host() {
    Map<String, Double> figures = new TreeMap<>();
    try (DeviceMemory device = new DeviceMemory(0, LARGE_BYTES);
        PinnedMemory pinned = PinnedMemory.allocate(LARGE_BYTES)) {
      ByteBuffer pageable = ByteBuffer.allocateDirect(LARGE_BYTES);
      figures.put("copy_pinned_us", 1e6 * best(() -> device.copyFrom(pinned, BATCH_BYTES)));
      figures.put("copy_pageable_us", 1e6 * best(() -> device.copyFrom(pageable, BATCH_BYTES)));
      figures.put(
          "copy_pinned_gb_per_second",
          LARGE_BYTES / 1e9 / best(() -> device.copyFrom(pinned, LARGE_BYTES)));
      figures.put(
          "copy_pageable_gb_per_second",
          LARGE_BYTES / 1e9 / best(() -> device.copyFrom(pageable, LARGE_BYTES)));
    }
    return figures;
  }

  /** GB/s from the first GPU to the second, through the host and directly. */
  static Map<String, Double> peers() {
    Map<String, Double> figures = new TreeMap<>();
    try (DeviceMemory first = new DeviceMemory(0, PEER_BYTES);
        DeviceMemory second = new DeviceMemory(1, PEER_BYTES)) {
      figures.put(
          "copy_staged_peer_gb_per_second", PEER_BYTES / 1e9 / best(() -> second.copyFrom(first)));
      boolean direct = Cuda.canAccessPeer(0, 1) && Cuda.canAccessPeer(1, 0);
      figures.put("peer_access", direct ? 1.0 : 0.0);
      if (direct) {
        Cuda.enablePeer(0);
        Cuda.select(0);
        Cuda.enablePeer(1);
        Cuda.select(1);
        figures.put(
            "copy_peer_gb_per_second", PEER_BYTES / 1e9 / best(() -> second.copyFrom(first)));
      }
    }
    Cuda.select(0);
    return figures;
  }

  private static double best(Copy copy) {
    double best = Double.MAX_VALUE;
    for (int i = 0; i < ROUNDS; i++) {
      Cuda.synchronize();
      long started = System.nanoTime();
      copy.run();
      Cuda.synchronize();
      best = Math.min(best, (System.nanoTime() - started) / 1e9);
    }
    return best;
  }
}
