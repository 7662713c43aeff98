package dev.headrace.worker.encode;

import dev.headrace.worker.model.Precision;
import java.util.Optional;

/** {@code worker.precision}: one of them, or what is fastest where it runs. */
enum PrecisionChoice {
  FP32,
  FP16,
  BF16,
  INT8,
  AUTO;

  String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  /** Empty for the fastest. */
  Optional<Precision> precision() {
    return this == AUTO ? Optional.empty() : Optional.of(Precision.ofLabel(label()));
  }
}
