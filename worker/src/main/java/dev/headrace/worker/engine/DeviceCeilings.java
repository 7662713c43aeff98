package dev.headrace.worker.engine;

import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensors;
import java.util.Arrays;

/**
 * What a GPU can do at most, measured on random data, so that a model's speed can be compared with
 * it.
 *
 * @param matrixFlops operations a second of a bf16 product of two 8,192 x 8,192 matrices, the best
 *     of a few tens of milliseconds
 * @param sustainedMatrixFlops the same for as long as a model's speed is measured: a GPU at work
 *     for longer than a moment comes to the limit of its power and lowers its clock
 * @param copyBytesPerSecond memory read and written in a copy of 2 GiB
 */
public record DeviceCeilings(
    double matrixFlops, double sustainedMatrixFlops, double copyBytesPerSecond) {
  private static final int SIZE = 8192;
  private static final int PRODUCTS = 30;
  private static final int COPIES = 20;
  private static final long COPY_BYTES = 1L << 31;
  private static final int ROUNDS = 3;

  /** As the encoders' speed is measured. */
  private static final double SUSTAINED_SECONDS = 0.4;

  private static final int FEW = 10;

  /** Takes some seconds; needs 5 GiB of the device. */
  public static DeviceCeilings measure(TorchEngine engine) {
    try (ScriptRun matrix = engine.script(script(MATRIX));
        ScriptRun copy = engine.script(script(COPY))) {
      double product = 2.0 * SIZE * SIZE * SIZE;
      return new DeviceCeilings(
          PRODUCTS * product / best(matrix, PRODUCTS),
          product / sustained(matrix),
          COPIES * 2.0 * COPY_BYTES / best(copy, COPIES));
    }
  }

  private static double best(ScriptRun run, int times) {
    double best = Double.MAX_VALUE;
    run.seconds(3);
    for (int i = 0; i < ROUNDS; i++) {
      best = Math.min(best, run.seconds(times));
    }
    return best;
  }

  /** Seconds of one, when they follow each other for a while; the median of several rounds. */
  static double sustained(ScriptRun run) {
    run.seconds(3);
    int times = Math.max(1, (int) (SUSTAINED_SECONDS * FEW / run.seconds(FEW)));
    double[] seconds = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      seconds[i] = run.seconds(times) / times;
    }
    Arrays.sort(seconds);
    return seconds[ROUNDS / 2];
  }

  private static ScriptObject script(String body) {
    String forward =
        "def forward(self: __torch__.Ceiling, times: int) -> Tensor:\n  d = self.anchor.device\n"
            + body.replace("SIZE", Integer.toString(SIZE));
    return new ScriptObject(new ScriptClass("Ceiling", forward))
        .tensor("anchor", Tensors.of(new float[1], 1));
  }

  /** The result is what is computed into, else libtorch leaves the computing out. */
  private static final String MATRIX =
      """
        a = torch.randn([SIZE, SIZE], dtype=15, layout=None, device=d)
        b = torch.randn([SIZE, SIZE], dtype=15, layout=None, device=d)
        c = torch.zeros_like(a)
        for i in range(times):
          _0 = torch.mm(a, b, out=c)
        return c
      """;

  /** In bytes: 2^31 elements of int8. */
  private static final String COPY =
      """
        a = torch.zeros([2147483648], dtype=1, layout=None, device=d)
        b = torch.ones_like(a)
        for i in range(times):
          _0 = torch.copy_(b, a)
        return b
      """;
}
