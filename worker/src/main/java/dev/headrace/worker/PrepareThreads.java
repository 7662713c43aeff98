package dev.headrace.worker;

/**
 * How many threads read bodies, tokenise and write responses where no setting says. On a CPU the
 * model needs the cores itself. A GPU leaves them free and runs out of texts: an H200 with a
 * BERT-base ate what 11 threads tokenised (docs/gpu.md).
 */
final class PrepareThreads {
  /** On a CPU a core tokenises for several that run the model (chosen). */
  private static final int CORES_PER_THREAD_BESIDE_A_CPU = 4;

  /** On a CPU; the loop, one thread, takes no more than some of them make (chosen). */
  private static final int MOST_BESIDE_A_CPU = 8;

  /** For one GPU (chosen: a third more than the fastest seen could use). */
  private static final int MOST_FOR_A_GPU = 16;

  private PrepareThreads() {}

  /**
   * For one worker on a CPU.
   *
   * @param cores that the process may use
   */
  static int onCpu(int cores) {
    return Math.max(1, Math.min(cores / CORES_PER_THREAD_BESIDE_A_CPU, MOST_BESIDE_A_CPU));
  }

  /**
   * For one of the workers on GPUs: three of four cores are theirs, the others are for their loops,
   * engines and whatever else runs here.
   *
   * @param cores that the process may use
   * @param gpus that the process may use, which other workers may have
   * @param own that this worker has, several if they are a group
   */
  static int onGpu(int cores, int gpus, int own) {
    int forOne = Math.min(cores * 3 / 4 / Math.max(1, gpus), MOST_FOR_A_GPU);
    return Math.max(1, forOne * own);
  }
}
