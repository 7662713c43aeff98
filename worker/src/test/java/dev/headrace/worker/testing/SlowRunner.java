package dev.headrace.worker.testing;

import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/** Runs {@link WordModel}s in its own time; hangs at a certain text until it is let go. */
public final class SlowRunner extends FakeRunner {
  /** The text at which it hangs. */
  public static final String HANGS = "hangs";

  private final Duration perBatch;
  private final CountDownLatch letGo = new CountDownLatch(1);

  public SlowRunner(Duration perBatch) {
    super(WordModel.named("words"));
    this.perBatch = perBatch;
  }

  /** Ends the hanging. */
  public void letGo() {
    letGo.countDown();
  }

  @Override
  public List<RowOutput> run(ServedModel model, List<Row> rows) {
    if (rows.stream().anyMatch(r -> ((WordModel.Words) r).text().equals(HANGS))) {
      awaitLetGo();
    }
    LockSupport.parkNanos(perBatch.toNanos());
    return super.run(model, rows);
  }

  /** As native code that heeds no interrupt. */
  private void awaitLetGo() {
    boolean over = false;
    while (!over) {
      try {
        letGo.await();
        over = true;
      } catch (InterruptedException e) {
        // goes on hanging
      }
    }
  }
}
