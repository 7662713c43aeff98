package dev.headrace.worker.engine;

import dev.headrace.worker.cuda.Recorder;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A recorder for the CPU, which has no graphs: it does the same work again. */
final class RerunRecorder implements Recorder {
  private final boolean fails;
  private int recorded;
  private int replayed;
  private int open;

  RerunRecorder(boolean fails) {
    this.fails = fails;
  }

  int recorded() {
    return recorded;
  }

  int replayed() {
    return replayed;
  }

  /** Recordings that were not closed. */
  int open() {
    return open;
  }

  @Override
  public <T> Optional<Recording<T>> record(Supplier<T> work, Consumer<T> discard) {
    if (fails) {
      throw new IllegalStateException("cannot record");
    }
    recorded++;
    open++;
    return Optional.of(
        new Recording<>() {
          private T made = work.get();

          @Override
          public T replay() {
            replayed++;
            discard.accept(made);
            made = work.get();
            return made;
          }

          @Override
          public void close() {
            open--;
            discard.accept(made);
          }
        });
  }

  @Override
  public void close() {}
}
