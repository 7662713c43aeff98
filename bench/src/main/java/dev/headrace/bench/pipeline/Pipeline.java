package dev.headrace.bench.pipeline;

import java.util.List;

/** Something that takes requests and answers them later. */
public interface Pipeline extends AutoCloseable {
  /**
   * Asks for the embeddings of these texts, one request each, and waits for all answers.
   *
   * @param texts no two alike
   * @param inFlight most requests that wait for their answer at a time
   * @return nanoseconds from submission to answer, in the order of the texts
   */
  long[] run(List<String> texts, int inFlight) throws InterruptedException;

  @Override
  void close();
}
