package dev.headrace.worker.encode;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.StagedRunner;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.LongSupplier;

/**
 * One device of a group and its thread, which opens, runs and closes it: parts of batches are
 * started in the order they come, as many as the device takes at a time.
 */
final class GroupMember implements AutoCloseable {
  private final BlockingQueue<Part> queue = new LinkedBlockingQueue<>();
  private final CompletableFuture<StagedRunner> opened = new CompletableFuture<>();
  private final LongSupplier nanos;
  private final Thread thread;
  private long freeSince = Long.MIN_VALUE;

  /**
   * What became of a part.
   *
   * @param seconds that the device had it
   */
  record Done(List<RowOutput> outputs, double seconds) {}

  private record Part(Work work, CompletableFuture<Done> done) {}

  private interface Work {
    StagedRunner.Running start(StagedRunner runner);
  }

  private record Started(StagedRunner.Running running, long at, CompletableFuture<Done> done) {}

  private static final Part END =
      new Part(
          runner -> {
            throw new IllegalStateException("the end runs nothing");
          },
          new CompletableFuture<>());

  private GroupMember(String device, Callable<StagedRunner> opening, LongSupplier nanos) {
    this.nanos = nanos;
    this.thread =
        new Thread(
            () -> run(opening), Thread.currentThread().getName() + "-" + device.replace(':', '-'));
    thread.setDaemon(true);
  }

  /** Returns when the device is open. */
  static GroupMember open(String device, Callable<StagedRunner> opening, LongSupplier nanos)
      throws IOException {
    GroupMember member = new GroupMember(device, opening, nanos);
    member.thread.start();
    try {
      member.opened.join();
      return member;
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw new IOException(device + ": " + cause.getMessage(), cause);
      }
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** What is open; only what any thread may ask. */
  StagedRunner runner() {
    return opened.join();
  }

  CompletableFuture<Done> start(ServedModel model, List<Row> rows) {
    Part part = new Part(runner -> runner.start(model, rows), new CompletableFuture<>());
    queue.add(part);
    if (!thread.isAlive()) {
      part.done()
          .completeExceptionally(
              new FailureException(ErrorCode.DEVICE_LOST, thread.getName() + " has ended"));
    }
    return part.done();
  }

  private void run(Callable<StagedRunner> opening) {
    StagedRunner runner;
    try {
      runner = opening.call();
    } catch (Exception | Error e) {
      opened.completeExceptionally(e);
      return;
    }
    opened.complete(runner);
    try {
      serve(runner);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      runner.close();
    }
  }

  private void serve(StagedRunner runner) throws InterruptedException {
    Deque<Started> running = new ArrayDeque<>();
    while (true) {
      Part part = null;
      if (running.isEmpty()) {
        part = queue.take();
      } else if (running.size() < runner.depth()) {
        part = queue.poll();
      }
      if (part == null) {
        end(running.remove());
      } else if (part.equals(END)) {
        running.forEach(this::end);
        return;
      } else {
        start(runner, part, running);
      }
    }
  }

  private void start(StagedRunner runner, Part part, Deque<Started> running) {
    long now = nanos.getAsLong();
    try {
      running.add(new Started(part.work().start(runner), now, part.done()));
    } catch (RuntimeException | Error e) {
      part.done().completeExceptionally(e);
    }
  }

  /** A part has the device from its start, or from the end of the one before. */
  private void end(Started started) {
    long since = Math.max(started.at(), freeSince);
    try {
      List<RowOutput> outputs = started.running().await();
      freeSince = nanos.getAsLong();
      started.done().complete(new Done(outputs, (freeSince - since) / 1e9));
    } catch (RuntimeException | Error e) {
      freeSince = nanos.getAsLong();
      started.done().completeExceptionally(e);
    }
  }

  @Override
  public void close() {
    queue.add(END);
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
