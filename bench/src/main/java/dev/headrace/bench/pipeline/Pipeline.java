package dev.headrace.bench.pipeline;

/** Something that takes requests and answers them later. */
public interface Pipeline extends AutoCloseable {
  /**
   * Sends the request bodies, waits for all answers.
   *
   * @param bodies JSON bodies of {@code /v1/embeddings}
   * @param inFlight most requests that wait for their answer at a time
   * @return nanoseconds from submission to answer, in the order of the bodies
   */
  long[] run(byte[][] bodies, int inFlight) throws InterruptedException;

  @Override
  void close();
}
