package dev.headrace.worker.generate;

import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.generate.schedule.SchedulerLimits;
import java.time.Duration;

/**
 * How a worker generates text.
 *
 * @param texts that run at once, at most
 * @param kvBytes of KV memory for each model
 * @param context most tokens of prompt and text together
 * @param step how long a step may take
 * @param stepTokens most tokens of a step
 * @param prefixCache whether prompts that begin alike share the work
 */
public record GenerationConfig(
    int texts, long kvBytes, int context, Duration step, int stepTokens, boolean prefixCache) {

  public static GenerationConfig read(Settings s) {
    return new GenerationConfig(
        s.integer(
            "worker.generation.texts",
            32,
            1,
            4096,
            "Texts that one model generates side by side, at most."),
        s.bytes(
            "worker.generation.kv-memory",
            "1GiB",
            "KV memory of each model that generates text; it is taken at the start."),
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

  SchedulerLimits limits() {
    return new SchedulerLimits(texts, stepTokens, step, prefixCache);
  }
}
