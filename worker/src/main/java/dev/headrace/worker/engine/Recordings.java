package dev.headrace.worker.engine;

import dev.headrace.worker.cuda.Recorder;
import dev.headrace.worker.cuda.Recorder.Recording;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one session has recorded: work that comes again and again is recorded and from then on
 * replayed. Where recording fails, the session goes on without.
 *
 * @param <K> says all that makes work different: shapes, and the host's memory that it uses
 * @param <T> what work makes
 */
final class Recordings<K, T> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Recordings.class);

  private final Recorder recorder;
  private final Consumer<T> discard;
  private final int after;
  private final int most;
  private final Map<K, Entry<T>> entries = new LinkedHashMap<>(16, 0.75f, true);
  private boolean failed;

  private static final class Entry<T> {
    private int seen;
    private @Nullable Recording<T> recording;
  }

  /**
   * Nothing yet.
   *
   * @param discard frees what work made
   * @param after so many plain runs work is recorded
   * @param most that are kept, or waited for; the one used least recently makes room
   */
  Recordings(Recorder recorder, Consumer<T> discard, int after, int most) {
    this.recorder = recorder;
    this.discard = discard;
    this.after = after;
    this.most = most;
  }

  /**
   * Gives recorded work to the device, recording it first if it came often enough.
   *
   * @return what the work makes, which the recording owns; empty where it must be run plainly
   */
  Optional<T> replay(K key, Supplier<T> work) {
    if (failed) {
      return Optional.empty();
    }
    Entry<T> entry = entries.computeIfAbsent(key, k -> new Entry<>());
    if (entry.recording == null) {
      if (entry.seen++ < after) {
        makeRoom();
        return Optional.empty();
      }
      try {
        entry.recording = recorder.record(work, discard).orElse(null);
      } catch (RuntimeException e) {
        failed = true;
        LOG.warn("work is not recorded, which costs speed only work={}", key, e);
        close();
        return Optional.empty();
      }
    }
    return Optional.ofNullable(entry.recording).map(Recording::replay);
  }

  private void makeRoom() {
    Iterator<Entry<T>> eldest = entries.values().iterator();
    while (entries.size() > most) {
      Entry<T> entry = eldest.next();
      eldest.remove();
      close(entry);
    }
  }

  private static void close(Entry<?> entry) {
    if (entry.recording != null) {
      entry.recording.close();
    }
  }

  /** Recordings that can be replayed. */
  int size() {
    return (int) entries.values().stream().filter(e -> e.recording != null).count();
  }

  @Override
  public void close() {
    entries.values().forEach(Recordings::close);
    entries.clear();
  }
}
