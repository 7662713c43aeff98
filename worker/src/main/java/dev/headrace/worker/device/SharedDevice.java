package dev.headrace.worker.device;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Several engines on one device, as one: embeddings and generated text from one worker. At each
 * step it is the turn of the engine that has had the least of the device's time, so each gets its
 * share while it has work, whatever the others have (the clocks are those of start-time fair
 * queueing, Goyal, Vin and Cheng, SIGCOMM '96). An engine that comes back from a pause begins level
 * with the others: it has not saved up time.
 */
public final class SharedDevice implements Engine {
  /** Batches that may wait before an engine that works (chosen: more than the loop hands over). */
  private static final int WAITING = 64;

  private final LongSupplier nanos;
  private final List<Member> members = new ArrayList<>();
  private final Map<String, Member> byModel = new HashMap<>();

  private Optional<ModelLoader> loader = Optional.empty();

  /** How far the member was that had its turn last. */
  private double clock;

  private static final class Member {
    final Engine engine;
    final ArrayDeque<DeviceBatch> waiting = new ArrayDeque<>();
    boolean active;
    double seconds;

    Member(Engine engine) {
      this.engine = engine;
    }

    boolean busy() {
      return engine.busy() || !waiting.isEmpty();
    }
  }

  /**
   * Joins engines; they belong to it from now on.
   *
   * @throws IllegalArgumentException when two have a model of the same name, or both load models
   */
  public SharedDevice(List<Engine> engines, LongSupplier nanos) {
    this.nanos = nanos;
    for (Engine engine : engines) {
      Member member = new Member(engine);
      members.add(member);
      engine.models().forEach(m -> assign(m.name(), member));
      engine.loader().ifPresent(l -> join(l, member));
    }
  }

  private void assign(String model, Member member) {
    Member other = byModel.put(model, member);
    if (other != null && other != member) {
      throw new IllegalArgumentException("model " + model + ": in two engines (expected: in one)");
    }
  }

  private void join(ModelLoader added, Member member) {
    if (loader.isPresent()) {
      throw new IllegalArgumentException("loaders: 2 (expected: one engine that loads models)");
    }
    loader = Optional.of(added);
    added.offers().forEach(o -> assign(o.name(), member));
  }

  @Override
  public List<BrokenModel> broken() {
    return members.stream().flatMap(m -> m.engine.broken().stream()).toList();
  }

  @Override
  public Optional<ModelLoader> loader() {
    return loader;
  }

  @Override
  public List<ServedModel> models() {
    return members.stream().flatMap(m -> m.engine.models().stream()).toList();
  }

  @Override
  public boolean admits() {
    return members.stream().allMatch(m -> m.waiting.size() < WAITING);
  }

  @Override
  public void admit(DeviceBatch batch) {
    Member member = byModel.get(batch.model().name());
    if (member == null) {
      throw new IllegalStateException("no engine for model " + batch.model().name());
    }
    member.waiting.add(batch);
  }

  @Override
  public void drop(RowDrop drop) {
    // One that waits here still: it must be admitted before it can be dropped.
    members.forEach(this::feed);
    members.forEach(m -> m.engine.drop(drop));
  }

  /** An engine may run a batch as soon as it is admitted, so that is its time as a step is. */
  private void feed(Member member) {
    long started = nanos.getAsLong();
    while (!member.waiting.isEmpty() && member.engine.admits()) {
      member.engine.admit(member.waiting.removeFirst());
    }
    member.seconds += (nanos.getAsLong() - started) / 1e9;
  }

  @Override
  public boolean busy() {
    return members.stream().anyMatch(Member::busy);
  }

  @Override
  public void step(Listener listener) {
    for (Member member : members) {
      if (!member.busy()) {
        member.active = false;
      } else if (!member.active) {
        member.active = true;
        member.seconds = Math.max(member.seconds, clock);
      }
    }
    members.stream()
        .filter(m -> m.active)
        .min(Comparator.comparingDouble(m -> m.seconds))
        .ifPresent(m -> step(m, listener));
  }

  private void step(Member member, Listener listener) {
    clock = member.seconds;
    feed(member);
    long started = nanos.getAsLong();
    member.engine.step(listener);
    member.seconds += (nanos.getAsLong() - started) / 1e9;
  }

  @Override
  public long memoryFreeBytes() {
    return members.stream().mapToLong(m -> m.engine.memoryFreeBytes()).max().orElse(0);
  }

  @Override
  public long memoryUnusedBytes() {
    return members.stream().mapToLong(m -> m.engine.memoryUnusedBytes()).max().orElse(0);
  }

  @Override
  public void close() {
    RuntimeException first = null;
    for (Member member : members) {
      try {
        member.engine.close();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
