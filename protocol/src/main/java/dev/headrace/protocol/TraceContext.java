package dev.headrace.protocol;

import org.jspecify.annotations.Nullable;

/** W3C Trace Context, passed through untouched: {@code traceparent} and {@code tracestate}. */
public record TraceContext(@Nullable String traceparent, @Nullable String tracestate) {
  public static final TraceContext NONE = new TraceContext(null, null);
}
