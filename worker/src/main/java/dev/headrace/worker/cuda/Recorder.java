package dev.headrace.worker.cuda;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Records what a thread gives to a device, so that it can be given again at once: starting some
 * hundred kernels costs the host more than small ones cost the device.
 */
public interface Recorder extends AutoCloseable {
  /**
   * Runs work some times, then records it. It must do the same on the device each time, with the
   * same memory of the host, and wait for nothing.
   *
   * @param work gives what it made
   * @param discard takes what is not needed
   * @return empty when it cannot be recorded now and may be later
   */
  <T> Optional<Recording<T>> record(Supplier<T> work, Consumer<T> discard);

  @Override
  void close();

  /**
   * Recorded work.
   *
   * @param <T> what it makes
   */
  interface Recording<T> extends AutoCloseable {
    /** Gives the work to the device; what it makes belongs to the recording, and is the same. */
    T replay();

    /** Frees what the work made, too. */
    @Override
    void close();
  }
}
