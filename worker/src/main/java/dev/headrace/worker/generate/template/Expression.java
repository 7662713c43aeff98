package dev.headrace.worker.generate.template;

import org.jspecify.annotations.Nullable;

/** Something with a value. */
interface Expression {
  @Nullable Object of(Run run);
}
