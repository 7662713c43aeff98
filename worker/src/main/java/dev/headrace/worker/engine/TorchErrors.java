package dev.headrace.worker.engine;

import dev.headrace.worker.engine.EngineException.Kind;
import java.util.List;
import java.util.Locale;

/**
 * Tells the kind of a libtorch failure by its message, for DJL gives one exception for all.
 * Messages: c10/core/CPUAllocator.cpp, c10/cuda/CUDACachingAllocator.cpp, CUDA's error strings.
 */
final class TorchErrors {
  /** Before what was wrong, at the end of where it was (torch/csrc/jit/runtime/interpreter.cpp). */
  private static final String WRONG = "RuntimeError: ";

  private TorchErrors() {}

  /** The exception to throw for {@code cause}; errors of the JVM itself are thrown as they are. */
  static RuntimeException translate(String doing, Throwable cause) {
    if (cause instanceof EngineException known) {
      return known;
    }
    if (cause instanceof VirtualMachineError fatal) {
      throw fatal;
    }
    String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new EngineException(kind(message), doing + ": " + inOneLine(message), cause);
  }

  static Kind kind(String message) {
    String text = message.toLowerCase(Locale.ROOT);
    if (text.contains("out of memory")
        || text.contains("can't allocate memory")
        || text.contains("alloc_failed")
        || text.contains("bad_alloc")) {
      return Kind.RESOURCE;
    }
    // After any other CUDA error the process's context is unusable.
    if (text.contains("cuda error") || text.contains("device-side assert")) {
      return Kind.FATAL;
    }
    return Kind.INTERNAL;
  }

  /** The first line; of a script's error the last that says what was wrong, not where. */
  private static String inOneLine(String message) {
    List<String> lines = message.strip().lines().toList();
    return lines.stream()
        .filter(line -> line.startsWith(WRONG))
        .reduce((one, other) -> other)
        .map(line -> line.substring(WRONG.length()))
        .orElse(lines.isEmpty() ? "" : lines.get(0));
  }
}
