package dev.headrace.protocol;

import org.jspecify.annotations.Nullable;

/**
 * What a request demands of its placement.
 *
 * @param admission what becomes of it when nobody can finish it in time
 * @param minPrecision least precision of the model that runs it, null for any
 */
public record Terms(AdmissionMode admission, @Nullable NumericPrecision minPrecision) {
  /** No demands. */
  public static final Terms DEFAULT = new Terms(AdmissionMode.BEST_EFFORT, null);
}
