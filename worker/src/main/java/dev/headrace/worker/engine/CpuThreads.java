package dev.headrace.worker.engine;

import ai.djl.pytorch.jni.JniUtils;

/**
 * The threads of an engine on the CPU. Several parts run side by side, each operation on one
 * thread; a single part has all of them for its operations. Measured (RATIONALE.md): side by side
 * is faster whenever there is more than one part, by far when the cores are shared with others.
 *
 * <p>Owned by the thread that makes it.
 */
final class CpuThreads implements AutoCloseable {
  private final int all;
  private final Crew crew;
  private int intraOp;

  /**
   * Starts the helpers.
   *
   * @param all threads, the calling one among them
   */
  CpuThreads(int all) {
    this.all = all;
    // libtorch keeps the number per thread, so that each engine has its own. A thread that has not
    // asked yet takes the number set last anywhere, at its first operation; so ask first.
    JniUtils.getNumThreads();
    JniUtils.setNumThreads(all);
    this.intraOp = all;
    this.crew = new Crew(all, CpuThreads::useOne);
  }

  /** Operations of the calling thread take no helpers. */
  static void useOne() {
    JniUtils.getNumThreads();
    JniUtils.setNumThreads(1);
  }

  /** Parts that can run at a time. */
  int members() {
    return crew.members();
  }

  /** Runs all parts. */
  void run(int parts, Crew.Part part) {
    spreadOver(parts > 1 ? 1 : all);
    try {
      crew.run(parts, part);
    } finally {
      // Whatever else the owner runs takes all.
      spreadOver(all);
    }
  }

  /** Sets how many threads an operation of the owner takes. */
  private void spreadOver(int threads) {
    if (intraOp != threads) {
      JniUtils.setNumThreads(threads);
      intraOp = threads;
    }
  }

  @Override
  public void close() {
    crew.close();
  }
}
