package dev.headrace.worker.prepare;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.worker.device.Pulse;
import dev.headrace.worker.mailbox.Mailbox;
import dev.headrace.worker.mailbox.MailboxAgent;
import dev.headrace.worker.task.TaskReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A thread {@code prepare-<device>}: does what is in its mailbox, posts results in groups. Several
 * may share a mailbox; what they post comes in any order.
 */
public final class PrepareAgent extends MailboxAgent<PrepareCall> {
  /** How long results are collected before they are posted (chosen: below a small batch's time). */
  private static final long COLLECT_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private final Mailbox<Runnable> loop;
  private final PrepareListener listener;
  private final LongSupplier nanos;
  private final Preparer preparer;
  private final Pulse pulse;

  /** How bodies are read. */
  public record Tools(TaskReader reader, BodyStore bodies, int sharedCapacity) {}

  private PrepareAgent(
      String name,
      Mailbox<PrepareCall> mailbox,
      Mailbox<Runnable> loop,
      PrepareListener listener,
      Preparer preparer,
      Pulse pulse,
      LongSupplier nanos) {
    super(name, mailbox);
    this.loop = loop;
    this.listener = listener;
    this.preparer = preparer;
    this.pulse = pulse;
    this.nanos = nanos;
  }

  /**
   * Makes agents that share the work and the vectors that requests share.
   *
   * @param pulses one for each of them; beats while it is at a body or a response
   * @param mailbox theirs
   * @param loop the mailbox of the thread to which {@code listener} belongs
   */
  public static List<PrepareAgent> team(
      String name,
      List<Pulse> pulses,
      Mailbox<PrepareCall> mailbox,
      Mailbox<Runnable> loop,
      PrepareListener listener,
      Tools tools,
      LongSupplier nanos) {
    Preparer preparer =
        new Preparer(
            tools.reader(),
            tools.bodies(),
            tools.sharedCapacity(),
            rows -> loop.put(() -> listener.wanted(rows)));
    List<PrepareAgent> team = new ArrayList<>(pulses.size());
    for (Pulse pulse : pulses) {
      team.add(new PrepareAgent(name, mailbox, loop, listener, preparer, pulse, nanos));
    }
    return team;
  }

  @Override
  protected void run(PrepareCall call) {
    try {
      serve(call);
    } catch (RuntimeException | Error e) {
      Failure failure = new Failure(ErrorCode.INTERNAL_ERROR, name() + ": " + e);
      loop.put(() -> listener.prepareFailed(failure));
      throw e;
    }
  }

  private void serve(PrepareCall call) {
    if (call instanceof PrepareCall.Bodies bodies) {
      prepare(bodies.items());
      return;
    }
    List<Rendered> out = new ArrayList<>();
    if (call instanceof PrepareCall.Responses responses) {
      responses.items().forEach(i -> at(i.job(), () -> preparer.render(i, out)));
    } else if (call instanceof PrepareCall.Shared shared) {
      at(shared.rows().firstJob(), () -> preparer.arrived(shared.rows(), shared.outputs(), out));
    } else if (call instanceof PrepareCall.SharedFailed failed) {
      preparer.failed(failed.rows(), failed.failure(), out);
    }
    if (!out.isEmpty()) {
      loop.put(() -> listener.rendered(out));
    }
  }

  private void prepare(List<ToPrepare> items) {
    List<Prepared> results = new ArrayList<>(items.size());
    long started = nanos.getAsLong();
    for (ToPrepare item : items) {
      at(item.job(), () -> results.add(preparer.prepare(item)));
      if (nanos.getAsLong() - started >= COLLECT_NANOS) {
        post(List.copyOf(results));
        results.clear();
        started = nanos.getAsLong();
      }
    }
    post(results);
  }

  private void at(long job, Runnable work) {
    pulse.enter(job);
    try {
      work.run();
    } finally {
      pulse.leave();
    }
  }

  private void post(List<Prepared> results) {
    if (!results.isEmpty()) {
      loop.put(() -> listener.prepared(results));
    }
  }
}
