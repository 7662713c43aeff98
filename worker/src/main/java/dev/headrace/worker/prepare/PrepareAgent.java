package dev.headrace.worker.prepare;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.transport.agent.Agent;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.mailbox.Mailbox;
import dev.headrace.worker.task.TaskReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The thread {@code prepare-<device>}: runs the calls of its mailbox, posts results to the loop in
 * groups.
 */
public final class PrepareAgent implements Agent {
  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** How long results are collected before they are posted (chosen: below a small batch's time). */
  private static final long COLLECT_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private final String name;
  private final Mailbox mailbox;
  private final Mailbox loop;
  private final PrepareListener listener;
  private final LongSupplier nanos;
  private final Preparer preparer;

  /**
   * Makes the agent.
   *
   * @param mailbox its own
   * @param loop the mailbox of the thread to which {@code listener} belongs
   * @param sharedCapacity vectors of shared texts that are remembered
   */
  public PrepareAgent(
      String name,
      Mailbox mailbox,
      Mailbox loop,
      PrepareListener listener,
      TaskReader reader,
      Bodies bodies,
      int sharedCapacity,
      LongSupplier nanos) {
    this.name = name;
    this.mailbox = mailbox;
    this.loop = loop;
    this.listener = listener;
    this.nanos = nanos;
    this.preparer =
        new Preparer(
            reader, bodies, sharedCapacity, rows -> loop.put(() -> listener.wanted(rows)));
  }

  /** Posts bodies to read, from the loop; false when too much waits already. */
  public boolean prepare(List<ToPrepare> items) {
    return mailbox.offer(() -> prepareAll(items));
  }

  /** Posts responses to write, from the loop; false when too much waits already. */
  public boolean render(List<ToRender> items) {
    return mailbox.offer(() -> renderAll(items));
  }

  /** Posts the outputs of shared rows, from the loop; false when too much waits already. */
  public boolean share(SharedRows rows, List<RowOutput> outputs) {
    return mailbox.offer(() -> rendering(out -> preparer.arrived(rows, outputs, out)));
  }

  /** Posts that shared rows failed, from the loop; false when too much waits already. */
  public boolean shareFailed(SharedRows rows, Failure failure) {
    return mailbox.offer(() -> rendering(out -> preparer.failed(rows, failure, out)));
  }

  private void prepareAll(List<ToPrepare> items) {
    List<Prepared> results = new ArrayList<>(items.size());
    long started = nanos.getAsLong();
    for (ToPrepare item : items) {
      results.add(preparer.prepare(item));
      if (nanos.getAsLong() - started >= COLLECT_NANOS) {
        post(results);
        results = new ArrayList<>();
        started = nanos.getAsLong();
      }
    }
    post(results);
  }

  private void post(List<Prepared> results) {
    if (!results.isEmpty()) {
      loop.put(() -> listener.prepared(results));
    }
  }

  private interface Writing {
    void into(List<Rendered> out);
  }

  private void renderAll(List<ToRender> items) {
    rendering(out -> items.forEach(i -> preparer.render(i, out)));
  }

  private void rendering(Writing writing) {
    List<Rendered> out = new ArrayList<>();
    writing.into(out);
    if (!out.isEmpty()) {
      loop.put(() -> listener.rendered(out));
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void doWork() {
    try {
      mailbox.run(IDLE_NANOS);
    } catch (RuntimeException | Error e) {
      Failure failure = new Failure(ErrorCode.INTERNAL_ERROR, name + ": " + e);
      loop.put(() -> listener.prepareFailed(failure));
      throw e;
    }
  }

  @Override
  public boolean drained() {
    return mailbox.isEmpty();
  }

  @Override
  public void drain() {
    // The loop stops posting; what it posted is done.
  }

  @Override
  public void close(Duration timeout) {
    mailbox.close();
  }
}
