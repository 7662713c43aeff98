package dev.headrace.worker.loop;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.protocol.service.SideBySide;
import dev.headrace.worker.device.BrokenModel;
import dev.headrace.worker.device.LoadCall;
import dev.headrace.worker.device.LoadListener;
import dev.headrace.worker.device.ModelLoader;
import dev.headrace.worker.device.ModelOffer;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.heartbeat.ModelMeters;
import dev.headrace.worker.mailbox.Mailbox;
import dev.headrace.worker.shelf.ModelShelf;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models that are here, and the requests that wait for one that is not. Where an engine has no
 * loader, all of its models are here from the start.
 */
final class ModelDesk implements LoadListener {
  private static final Logger LOG = LoggerFactory.getLogger(ModelDesk.class);

  /** Bytes a second while nothing was loaded yet: reading, emitting and packing (chosen). */
  private static final double GUESSED_RATE = 200e6;

  /** How often requests that wait are looked through (chosen). */
  private static final long EXPIRE_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Mailbox<LoadCall> mailbox;
  private final Endings endings;
  private final LongSupplier nanos;
  private final Map<String, ServedModel> here = new LinkedHashMap<>();
  private final Map<String, List<Job>> waiting = new HashMap<>();
  private final Map<String, Double> loadSeconds = new HashMap<>();

  /** Their model came; they are not through the intake yet, and it must not go meanwhile. */
  private final Set<Job> back = new HashSet<>();

  private final Map<String, Failure> broken = new LinkedHashMap<>();

  private @Nullable ModelLoader loader;
  private @Nullable ModelShelf shelf;
  private @Nullable RecentReading room;
  private Consumer<Job> again = job -> {};
  private Consumer<Collection<ServedModel>> changed = models -> {};
  private Runnable memoryFreed = () -> {};
  private long expireAt;

  /** The model that is being loaded, if one is, and since when. */
  private @Nullable String loading;

  private long loadingSince;

  /**
   * Makes an empty desk.
   *
   * @param mailbox the loader's thread's
   */
  ModelDesk(Mailbox<LoadCall> mailbox, Endings endings, LongSupplier nanos) {
    this.mailbox = mailbox;
    this.endings = endings;
    this.nanos = nanos;
    this.expireAt = nanos.getAsLong();
  }

  /** Who takes jobs back whose model came. */
  void whenLoaded(Consumer<Job> takes) {
    again = takes;
  }

  /** Who is told of the models that are here whenever they change. */
  void whenChanged(Consumer<Collection<ServedModel>> told) {
    changed = told;
  }

  /** Who is told when a model is gone, and with it what it took. */
  void whenUnloaded(Runnable told) {
    memoryFreed = told;
  }

  /** The engine is open. */
  void opened(List<ServedModel> models, @Nullable ModelLoader itsLoader) {
    models.forEach(m -> here.put(m.name(), m));
    loader = itsLoader;
    changed.accept(here.values());
    if (itsLoader != null) {
      room = new RecentReading(itsLoader::roomBytes, nanos);
      shelf =
          new ModelShelf(
              itsLoader.budgetBytes(), room, itsLoader.offers(), here.keySet(), nanos.getAsLong());
    }
  }

  /** These cannot be served, and will not be before the worker is started again. */
  void broken(List<BrokenModel> models) {
    for (BrokenModel model : models) {
      LOG.error("model cannot be served model={} cause={}", model.name(), model.failure());
      broken.put(model.name(), model.failure());
    }
  }

  /** Why a model cannot be served, if it was asked for and never can. */
  @Nullable Failure broken(String model) {
    return broken.get(model);
  }

  /** Names of all models that are here or can be loaded. */
  Set<String> names() {
    Set<String> names = new TreeSet<>(here.keySet());
    if (shelf != null) {
      shelf.offers().forEach(o -> names.add(o.name()));
    }
    return names;
  }

  /** The model, if new requests for it may run now. */
  @Nullable ServedModel open(String model) {
    if (shelf == null || !shelf.knows(model)) {
      return here.get(model);
    }
    if (!shelf.open(model)) {
      return null;
    }
    shelf.used(model, nanos.getAsLong());
    return here.get(model);
  }

  /** The model, though it may be about to leave: for requests that were let through. */
  @Nullable ServedModel here(String model) {
    return here.get(model);
  }

  /** The models that are here. */
  Collection<ServedModel> served() {
    return here.values();
  }

  /** What it offers, if it can be loaded. */
  @Nullable ModelOffer offer(String model) {
    if (shelf == null) {
      return null;
    }
    return shelf.offers().stream().filter(o -> o.name().equals(model)).findFirst().orElse(null);
  }

  /**
   * Keeps a job until its model is loaded.
   *
   * @return why it cannot be loaded, if that was found lately; then it is not kept
   */
  @Nullable Failure await(Job job, ModelOffer offer) {
    ModelShelf known = requireShelf();
    back.remove(job);
    Failure refusal = known.refusal(offer.name(), nanos.getAsLong());
    if (refusal == null) {
      known.want(offer.name());
      waiting.computeIfAbsent(offer.name(), m -> new ArrayList<>()).add(job);
    }
    return refusal;
  }

  private ModelShelf requireShelf() {
    if (shelf == null) {
      throw new IllegalStateException("no loader (expected: an engine that loads models)");
    }
    return shelf;
  }

  /**
   * Begins a load or an unload if one is due.
   *
   * @param inUse whether requests that were let through still need a model
   * @return how much moved
   */
  int runOnce(Predicate<String> inUse) {
    ModelShelf known = shelf;
    if (known == null || loader == null) {
      return 0;
    }
    long now = nanos.getAsLong();
    int moved = expire(known, now);
    back.removeIf(job -> job.state() != JobState.CHECKING);
    ModelShelf.Step step = known.next(now, model -> inUse.test(model) || comesBack(model));
    if (step == null) {
      return moved;
    }
    begin(step, loader, now);
    return moved + 1;
  }

  private void begin(ModelShelf.Step step, ModelLoader with, long now) {
    LOG.info("{} model={}", step.load() ? "loading" : "unloading", step.model());
    if (step.load()) {
      loading = step.model();
      loadingSince = now;
    } else {
      here.remove(step.model());
      changed.accept(here.values());
    }
    if (!mailbox.offer(new LoadCall(with, step.model(), step.load()))) {
      throw new IllegalStateException("the loader's mailbox is full (expected: one call at most)");
    }
  }

  /**
   * The device's memory ran out: unloads the model used least recently that nobody needs now.
   *
   * @param inUse as for {@link #runOnce}
   * @return whether one goes, or is going; {@link #whenUnloaded} says when it is gone
   */
  boolean relieve(Predicate<String> inUse) {
    ModelShelf known = shelf;
    if (known == null || loader == null) {
      return false;
    }
    ModelShelf.Step step = known.relieve(model -> inUse.test(model) || comesBack(model));
    if (step == null) {
      return known.unloading();
    }
    begin(step, loader, nanos.getAsLong());
    return true;
  }

  /** Memory that models take which come and go; 0 where all stay. */
  long modelBytes() {
    return shelf == null ? 0 : shelf.takenBytes();
  }

  private boolean comesBack(String model) {
    return back.stream().anyMatch(job -> job.request().model().equals(model));
  }

  private int expire(ModelShelf known, long now) {
    if (waiting.isEmpty() || now - expireAt < 0) {
      return 0;
    }
    expireAt = now + EXPIRE_EVERY_NANOS;
    int expired = 0;
    for (Iterator<Map.Entry<String, List<Job>>> all = waiting.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<String, List<Job>> entry = all.next();
      List<Job> late =
          entry.getValue().stream().filter(j -> !j.over() && now >= j.deadlineNanos()).toList();
      late.forEach(endings::expired);
      expired += late.size();
      entry.getValue().removeIf(Job::over);
      if (entry.getValue().isEmpty()) {
        all.remove();
        known.unwant(entry.getKey());
      }
    }
    return expired;
  }

  private List<Job> released(String model) {
    List<Job> jobs = waiting.remove(model);
    return jobs == null ? List.of() : jobs.stream().filter(j -> !j.over()).toList();
  }

  @Override
  public void loaded(ServedModel model, double seconds) {
    loading = null;
    LOG.info("loaded model={} seconds={}", model.name(), seconds);
    here.put(model.name(), model);
    changed.accept(here.values());
    loadSeconds.put(model.name(), seconds);
    requireShelf().loaded(model.name(), nanos.getAsLong());
    for (Job job : released(model.name())) {
      back.add(job);
      again.accept(job);
    }
  }

  @Override
  public void notLoaded(String model, Failure failure) {
    loading = null;
    LOG.warn("model could not be loaded model={} cause={}", model, failure);
    requireShelf().notLoaded(model, failure, nanos.getAsLong());
    released(model).forEach(job -> endings.retryElsewhere(job, failure));
  }

  @Override
  public void unloaded(String model) {
    if (room != null) {
      room.forget();
    }
    requireShelf().unloaded(model);
    memoryFreed.run();
  }

  /** What the heartbeat says. */
  Map<String, ModelReport> reports(ModelMeters meters) {
    Map<String, ModelReport> reports = new LinkedHashMap<>(meters.reports(here));
    // What a folder does that cannot be read is not known: a request comes and learns why.
    for (String model : broken.keySet()) {
      reports.put(
          model,
          new ModelReport(
              "unknown",
              EnumSet.allOf(Task.class),
              meters.curve(model),
              1,
              ModelState.FAILED,
              0,
              null,
              null,
              SideBySide.NONE));
    }
    if (shelf == null) {
      return reports;
    }
    for (ModelOffer offer : shelf.offers()) {
      reports.put(
          offer.name(),
          new ModelReport(
              offer.revision(),
              offer.tasks(),
              meters.curve(offer.name()),
              meters.batchRows(offer.name()),
              shelf.state(offer.name(), nanos.getAsLong()),
              shelf.open(offer.name()) ? 0 : seconds(offer),
              offer.precision(),
              null,
              SideBySide.NONE));
    }
    return reports;
  }

  /** What is left of the load when it runs, else all of it. */
  private double seconds(ModelOffer offer) {
    double whole = loadSeconds.getOrDefault(offer.name(), offer.bytes() / GUESSED_RATE);
    return offer.name().equals(loading)
        ? Math.max(0, whole - (nanos.getAsLong() - loadingSince) * 1e-9)
        : whole;
  }
}
