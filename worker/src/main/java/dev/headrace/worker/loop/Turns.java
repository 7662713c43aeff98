package dev.headrace.worker.loop;

import dev.headrace.transport.kafka.Slot;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Records that were read and are not let in yet. Each model has its turn, and for each model each
 * slot: Kafka gives the records of a partition one after the other, often a thousand before it
 * gives one of the next, so without turns whoever fills a partition would keep everybody else out.
 */
final class Turns {
  /** In the order of their turns. */
  private final Map<String, Strands> models = new LinkedHashMap<>();

  private final Map<Slot, Integer> held = new HashMap<>();
  private int size;

  /** What is held for one model. */
  private static final class Strands {
    final Map<Slot, ArrayDeque<Job>> bySlot = new HashMap<>();

    /** In the order of their turns; none is empty. */
    final ArrayDeque<ArrayDeque<Job>> ring = new ArrayDeque<>();

    void add(Job job) {
      ArrayDeque<Job> strand = bySlot.get(job.received().slot());
      if (strand == null) {
        strand = new ArrayDeque<>();
        bySlot.put(job.received().slot(), strand);
        ring.add(strand);
      }
      strand.add(job);
    }

    Job next() {
      ArrayDeque<Job> strand = ring.removeFirst();
      Job job = strand.removeFirst();
      if (strand.isEmpty()) {
        bySlot.remove(job.received().slot());
      } else {
        ring.add(strand);
      }
      return job;
    }
  }

  void add(Job job) {
    models.computeIfAbsent(job.request().model(), m -> new Strands()).add(job);
    held.merge(job.received().slot(), 1, Integer::sum);
    size++;
  }

  /**
   * Gives out the jobs whose turn it is, one of each model at a time, as long as there is room for
   * one of its model.
   */
  void let(Predicate<String> room, Consumer<Job> in) {
    boolean more = size > 0;
    while (more) {
      more = false;
      for (var all = models.entrySet().iterator(); all.hasNext(); ) {
        Map.Entry<String, Strands> model = all.next();
        if (room.test(model.getKey())) {
          Job job = model.getValue().next();
          left(job);
          if (model.getValue().ring.isEmpty()) {
            all.remove();
          }
          in.accept(job);
          more = true;
        }
      }
    }
  }

  private void left(Job job) {
    size--;
    held.computeIfPresent(job.received().slot(), (s, count) -> count == 1 ? null : count - 1);
  }

  /** Keeps only the jobs that match; they keep their order. */
  void retain(Predicate<Job> which) {
    if (size == 0) {
      return;
    }
    Map<String, Strands> before = new LinkedHashMap<>(models);
    models.clear();
    held.clear();
    size = 0;
    for (Strands strands : before.values()) {
      strands.ring.forEach(strand -> strand.stream().filter(which).forEach(this::add));
    }
  }

  void forEach(Consumer<Job> action) {
    for (Strands strands : models.values()) {
      strands.ring.forEach(strand -> strand.forEach(action));
    }
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Jobs of this slot. */
  int held(Slot slot) {
    return held.getOrDefault(slot, 0);
  }

  /** The slots that any are of. */
  Set<Slot> slots() {
    return held.keySet();
  }

  /** Models that any are for. */
  Collection<String> models() {
    return models.keySet();
  }

  /** Whether any are for this model. */
  boolean holds(@Nullable String model) {
    return models.containsKey(model);
  }
}
