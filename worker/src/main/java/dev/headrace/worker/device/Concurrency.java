package dev.headrace.worker.device;

/**
 * How much of a model that works by iterations may be on its device side by side. What fits is
 * handed over at once, without waiting for a fuller batch; what does not waits with the loop, where
 * a more urgent row can overtake it.
 *
 * @param rows at most
 * @param tokens of all rows at most, prompts and what may be generated; one row always fits
 */
public record Concurrency(int rows, long tokens) {
  public Concurrency {
    if (rows < 1 || tokens < 1) {
      throw new IllegalArgumentException(
          "rows " + rows + ", tokens " + tokens + " (expected: >= 1 each)");
    }
  }
}
