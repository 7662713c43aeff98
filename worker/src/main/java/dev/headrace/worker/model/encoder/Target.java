package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.weights.ElementType;
import java.util.Set;

/**
 * What a model is emitted for: the same weights give different code for each.
 *
 * @param precision the number format
 * @param cpu whether it runs on the CPU, else on a CUDA device
 * @param features instruction sets of the CPU, named as in /proc/cpuinfo
 */
public record Target(Precision precision, boolean cpu, Set<String> features) {
  public Target {
    features = Set.copyOf(features);
    if (precision == Precision.INT8 && !cpu) {
      throw new IllegalArgumentException(
          "precision: int8 (expected: fp32, fp16 or bf16 on a GPU; libtorch has int8 on the CPU)");
    }
  }

  /** The type of all that is not an int8 weight. */
  public ElementType elementType() {
    return switch (precision) {
      case FLOAT32, INT8 -> ElementType.FLOAT32;
      case FLOAT16 -> ElementType.FLOAT16;
      case BFLOAT16 -> ElementType.BFLOAT16;
    };
  }

  /**
   * Whether tokens of several rows are computed one behind the other, without padding:
   * FlashAttention has no float32.
   */
  public boolean packs() {
    return !cpu && (precision == Precision.FLOAT16 || precision == Precision.BFLOAT16);
  }

  /**
   * Whether linear layers go to oneDNN with weights packed beforehand. Measured on an EPYC 9005
   * core: 245 GFLOP/s in float32 where {@code torch.linear}, which calls MKL, gives 105, and the
   * activation comes free. oneDNN has no float16 for most CPUs.
   */
  public boolean usesOneDnn() {
    return cpu
        && switch (precision) {
          case FLOAT32 -> features.contains("avx2");
          case BFLOAT16 -> features.contains("avx512f");
          case FLOAT16, INT8 -> false;
        };
  }

  /**
   * Whether attention multiplies in bfloat16, scores and weights one after the other. Measured on
   * an EPYC 9005 core, 10 rows of 96 tokens: 2.0 ms where libtorch's fused kernel, which calls MKL
   * for 32 rows of scores at a time, needs 3.2. Not without the processor's own bfloat16.
   */
  public boolean attendsInBfloat16() {
    return cpu
        && (precision == Precision.INT8 || precision == Precision.BFLOAT16)
        && features.contains("avx512_bf16");
  }

  /**
   * FBGEMM multiplies 8 by 8 bits exactly only with VNNI; elsewhere sums of two products may
   * saturate 16 bits, so activations get 7.
   */
  public boolean reducesInt8Range() {
    return !features.contains("avx512_vnni");
  }
}
