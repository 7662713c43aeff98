package dev.headrace.worker.generate;

import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.generate.schedule.SchedulerLimits;
import java.time.Duration;

/**
 * How a worker generates text.
 *
 * @param texts that run at once, at most; 0 for what suits the device
 * @param kvBytes of KV memory for each model; 0 for what suits the device
 * @param context most tokens of prompt and text together
 * @param step how long a step may take
 * @param stepTokens most tokens of a step
 * @param prefixCache whether prompts that begin alike share the work
 */
public record GenerationConfig(
    int texts, long kvBytes, int context, Duration step, int stepTokens, boolean prefixCache) {

  /** Chosen. */
  private static final int TEXTS_ON_CPU = 32;

  /** Measured on an H200: two to four times the tokens of 32 (docs/gpu.md). */
  private static final int TEXTS_ON_GPU = 128;

  /** Chosen. */
  private static final long KV_ON_CPU = 1L << 30;

  public static GenerationConfig read(Settings s) {
    return new GenerationConfig(
        s.integer(
            "worker.generation.texts",
            0,
            0,
            4096,
            "Texts that one model generates side by side, at most; 0 for 32 on a CPU and 128 on a"
                + " GPU."),
        s.bytes(
            "worker.generation.kv-memory",
            "0B",
            "KV memory of each model that generates text, taken at the start; 0B for 1GiB on a CPU,"
                + " on a GPU for twice what its texts need at their longest or a share of what is"
                + " free, whichever is less."),
        s.integer(
            "worker.generation.context",
            4096,
            2,
            1 << 24,
            "Most tokens of prompt and text together; a model's own limit if that is less."),
        s.duration(
            "worker.generation.step",
            Duration.ofMillis(150),
            Duration.ofMillis(1),
            Duration.ofMinutes(1),
            "How long a step may take: prompts are cut into pieces so that it does not take longer."),
        s.integer("worker.generation.step-tokens", 2048, 1, 1 << 20, "Most tokens of a step."),
        s.flag(
            "worker.generation.prefix-cache",
            true,
            "Keep keys and values for prompts that begin alike, as long as memory is free."));
  }

  /**
   * The same with what suits the device where nothing was said. KV memory of a GPU stays 0: it
   * depends on what the model leaves free.
   */
  GenerationConfig on(boolean gpu) {
    int atOnce = texts > 0 ? texts : gpu ? TEXTS_ON_GPU : TEXTS_ON_CPU;
    long kv = kvBytes > 0 || gpu ? kvBytes : KV_ON_CPU;
    return new GenerationConfig(atOnce, kv, context, step, stepTokens, prefixCache);
  }

  SchedulerLimits limits() {
    return new SchedulerLimits(texts, stepTokens, step, prefixCache);
  }
}
