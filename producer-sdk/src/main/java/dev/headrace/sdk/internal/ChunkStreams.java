package dev.headrace.sdk.internal;

import dev.headrace.protocol.FailureException;
import dev.headrace.transport.redis.ChunkReader;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the streamed texts of all requests that somebody reads along, on one thread with one
 * connection. It only puts pieces where they belong; subscribers are served elsewhere.
 */
final class ChunkStreams implements LoopThread.Step {
  private static final Logger LOG = LoggerFactory.getLogger(ChunkStreams.class);

  /** Longest wait in Redis: a request that is new waits for it (chosen). */
  private static final Duration WAIT = Duration.ofMillis(100);

  /** Pause after Redis did not answer (chosen). */
  private static final long PAUSE_MS = 250;

  /** Wait for a request to read along with (chosen). */
  private static final Duration IDLE = Duration.ofMillis(200);

  private final ChunkReader reader;
  private final Map<String, Reading> readings = new ConcurrentHashMap<>();
  private final Semaphore added = new Semaphore(0);
  private final Duration idle;
  private volatile boolean ending;
  private boolean down;

  /** Where the pieces of a request go. */
  interface Target {
    void piece(int offset, byte[] chunk);
  }

  private static final class Reading {
    final Target target;
    String position = ChunkReader.BEGINNING;

    Reading(Target target) {
      this.target = target;
    }
  }

  ChunkStreams(ChunkReader reader) {
    this(reader, IDLE);
  }

  ChunkStreams(ChunkReader reader, Duration idle) {
    this.reader = reader;
    this.idle = idle;
  }

  /** From now on pieces of this request go there. */
  void add(String id, Target target) {
    readings.put(id, new Reading(target));
    added.release();
  }

  /** No more. */
  void remove(String id) {
    readings.remove(id);
  }

  /** Ends the thread, at once when it waits for a request. */
  void end() {
    ending = true;
    added.release();
  }

  @Override
  public boolean run() throws InterruptedException {
    added.drainPermits();
    if (ending) {
      return false;
    }
    Map<String, String> positions = new HashMap<>();
    readings.forEach((id, reading) -> positions.put(id, reading.position));
    if (positions.isEmpty()) {
      boolean ignored = added.tryAcquire(idle.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    }
    try {
      deliver(reader.read(positions, WAIT));
      if (down) {
        down = false;
        LOG.info("streamed text is read again");
      }
    } catch (FailureException e) {
      if (!down) {
        down = true;
        LOG.warn("streamed text is not read cause={}", e.getMessage());
      }
      boolean ignored = added.tryAcquire(PAUSE_MS, TimeUnit.MILLISECONDS);
    }
    return true;
  }

  private void deliver(List<ChunkReader.Piece> pieces) {
    for (ChunkReader.Piece piece : pieces) {
      Reading reading = readings.get(piece.id());
      if (reading != null) {
        reading.position = piece.position();
        reading.target.piece(piece.offset(), piece.chunk());
      }
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
