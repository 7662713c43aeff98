package dev.headrace.worker.device;

import dev.headrace.protocol.Failure;
import java.util.List;
import java.util.Optional;

/**
 * Runs models on one device, step by step. Owned by one thread, which also makes and closes it.
 *
 * <p>A one-shot engine ({@link OneShotEngine}) admits one batch, and its step runs it to the end.
 * An engine that works by iterations admits rows while others run; each step advances all of them
 * and reports those that are finished. The loop does not see the difference: it hands over batches
 * while there is room and is told of rows.
 */
public interface Engine extends AutoCloseable {

  /** Told, inside {@link #step}, what came out of it. */
  interface Listener {
    /** These rows of a batch are finished. */
    void finished(long batch, List<FinishedRow> rows);

    /** The rows of this batch that are not finished will not be. */
    void failed(long batch, Failure failure);

    /** These rows of a batch are further, and not finished. */
    default void progressed(long batch, List<RowProgress> rows) {}

    /**
     * What the device did, for the service curve. An engine by iterations reports a row when it is
     * finished: its tokens, prompt and generated, and its share of the steps' time.
     */
    void measured(ServiceSample sample);

    /** A step of an engine by iterations that counts its tokens. */
    default void stepped(StepSample step) {}
  }

  /** The models that are loaded when it is opened. */
  List<ServedModel> models();

  /** Models that were asked for and cannot be served; there are others. */
  default List<BrokenModel> broken() {
    return List.of();
  }

  /** What loads more models; empty when all there are are loaded. */
  default Optional<ModelLoader> loader() {
    return Optional.empty();
  }

  /**
   * Whether the device is there. While it is not, the worker takes no work; asked often, so the
   * answer is what is known.
   */
  default boolean ready() {
    return true;
  }

  /**
   * Whether it takes another batch before the next step. An engine by iterations takes batches as
   * long as the {@link ServedModel#concurrency} of their model is kept, for the loop keeps it.
   */
  boolean admits();

  /** Takes a batch; following steps run it. */
  void admit(DeviceBatch batch);

  /**
   * Gives up a row; called between steps. If it is unfinished, a following step reports it as
   * finished, with what there is of it, and runs it no further. A row that is finished or was never
   * admitted is read over, and a one-shot engine has nothing to give up.
   */
  default void drop(RowDrop drop) {}

  /**
   * Whether a step has something to do at once. An engine whose device computes beside the host
   * says no while nothing is done there: then it can be given the next batch meanwhile.
   */
  default boolean due() {
    return true;
  }

  /** Whether there is anything to run. */
  boolean busy();

  /**
   * Advances what was admitted; may wait for a moment, below 100 ms, if the device is elsewhere.
   * Errors of a batch go to the listener.
   *
   * @throws RuntimeException when the device is unusable; the worker stops
   */
  void step(Listener listener);

  /** Memory of the device that is free, in bytes; 0 when unknown. */
  long memoryFreeBytes();

  /** What the engine keeps of the device's memory and does not use, in bytes; 0 when unknown. */
  default long memoryUnusedBytes() {
    return 0;
  }

  @Override
  void close();
}
