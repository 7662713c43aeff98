package dev.headrace.worker.loop;

import dev.headrace.protocol.Failure;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.mailbox.Mailbox;
import dev.headrace.worker.prepare.PrepareCall;
import dev.headrace.worker.prepare.SharedRows;
import dev.headrace.worker.prepare.ToPrepare;
import dev.headrace.worker.prepare.ToRender;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The loop's side of the preparing threads: hands bodies over in small chunks, no more than they
 * can do until the loop comes round again, so that responses are never stuck behind many of them;
 * and keeps what their mailbox does not take.
 */
final class PrepareDesk {
  /** Bodies in a chunk: some milliseconds of tokenising (chosen). */
  private static final int CHUNK = 64;

  /** Bytes in a chunk (chosen). */
  private static final int CHUNK_BYTES = 256 * 1024;

  /** With bodies for as long the threads have enough (chosen: a loop turns in a few of it). */
  private static final long ENOUGH_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** The window grows up to so many times its least (chosen). */
  private static final int MOST_TIMES = 8;

  private final Mailbox<PrepareCall> mailbox;
  private final int least;
  private final int most;

  /** Bodies that may be with the threads. */
  private int window;

  /** Whether bodies waited here for room in the window when last some were handed over. */
  private boolean keptBack;

  /** Since when the threads have not run out of bodies. */
  private long busySince;

  private final ArrayDeque<Item> bodies = new ArrayDeque<>();
  private final List<ToRender> responses = new ArrayList<>();
  private final ArrayDeque<PrepareCall> calls = new ArrayDeque<>();
  private int handedOver;

  /** Estimated seconds of the bodies that wait, of each model. */
  private final Map<String, Double> seconds = new HashMap<>();

  private record Item(Job job, ServedModel model, double seconds) {}

  /**
   * Makes an empty desk.
   *
   * @param mailbox the preparing threads'
   * @param threads of them; as many chunks are at work, and one waits, or more if these are done
   *     before the loop comes round
   */
  PrepareDesk(Mailbox<PrepareCall> mailbox, int threads) {
    this.mailbox = mailbox;
    this.least = CHUNK * (threads + 1);
    this.most = least * MOST_TIMES;
    this.window = least;
  }

  /**
   * Takes a body to read.
   *
   * @param estimatedSeconds of service, until its tokens are counted
   */
  void body(Job job, ServedModel model, double estimatedSeconds) {
    bodies.add(new Item(job, model, estimatedSeconds));
    seconds.merge(model.name(), estimatedSeconds, Double::sum);
  }

  /** Takes a response to write. */
  void response(ToRender item) {
    responses.add(item);
  }

  /** Takes the outputs of shared rows. */
  void share(SharedRows rows, List<RowOutput> outputs) {
    calls.add(new PrepareCall.Shared(rows, outputs));
  }

  /** Takes word that shared rows failed. */
  void shareFailed(SharedRows rows, Failure failure) {
    calls.add(new PrepareCall.SharedFailed(rows, failure));
  }

  /** So many bodies came back. */
  void back(int count) {
    handedOver -= count;
  }

  /** Estimated seconds of service of the bodies that wait here. */
  double seconds() {
    double sum = 0;
    for (double ofModel : seconds.values()) {
      sum += ofModel;
    }
    return sum;
  }

  /** Of those for one model. */
  double seconds(String model) {
    return seconds.getOrDefault(model, 0.0);
  }

  /** Nothing waits here; the threads may still be at work. */
  boolean isEmpty() {
    return bodies.isEmpty() && responses.isEmpty() && calls.isEmpty();
  }

  /** Hands over what the threads take; returns how many calls. */
  int flush(long nowNanos) {
    if (!responses.isEmpty()) {
      calls.add(new PrepareCall.Responses(List.copyOf(responses)));
      responses.clear();
    }
    fit(nowNanos);
    while (!bodies.isEmpty() && handedOver < window) {
      List<ToPrepare> chunk = chunk();
      calls.add(new PrepareCall.Bodies(chunk));
      handedOver += chunk.size();
    }
    keptBack = !bodies.isEmpty();
    int moved = 0;
    while (!calls.isEmpty() && mailbox.offer(calls.peekFirst())) {
      calls.removeFirst();
      moved++;
    }
    return moved;
  }

  /**
   * Doubles the window when the threads ran out of bodies while some waited here; makes it a chunk
   * smaller while they never do.
   */
  private void fit(long nowNanos) {
    if (handedOver == 0) {
      window = keptBack ? Math.min(2 * window, most) : window;
      busySince = nowNanos;
    } else if (nowNanos - busySince > ENOUGH_NANOS) {
      window = Math.max(window - CHUNK, least);
      busySince = nowNanos;
    }
  }

  private List<ToPrepare> chunk() {
    List<ToPrepare> chunk = new ArrayList<>(CHUNK);
    long bytes = 0;
    while (!bodies.isEmpty() && chunk.size() < CHUNK && bytes < CHUNK_BYTES) {
      Item item = bodies.removeFirst();
      seconds.merge(item.model().name(), -item.seconds(), Double::sum);
      if (item.job().over()) {
        continue;
      }
      chunk.add(new ToPrepare(item.job().number(), item.job().request(), item.model()));
      bytes += item.job().request().payload().bytes().length;
    }
    if (bodies.isEmpty()) {
      seconds.clear(); // nor what rounding left
    }
    return chunk;
  }
}
