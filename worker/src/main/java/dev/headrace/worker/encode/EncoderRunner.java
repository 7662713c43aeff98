package dev.headrace.worker.encode;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.worker.device.BrokenModel;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.device.ModelLoader;
import dev.headrace.worker.device.ModelOffer;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.StagedEngine;
import dev.headrace.worker.device.StagedRunner;
import dev.headrace.worker.engine.EncodedBatch;
import dev.headrace.worker.engine.EncoderSession;
import dev.headrace.worker.engine.EngineException;
import dev.headrace.worker.engine.PendingBatch;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.ReadyScript;
import dev.headrace.worker.model.store.ModelFolders;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs encoders on one device with libtorch. */
public final class EncoderRunner implements StagedRunner {
  private final TorchEngine engine;
  private final EngineConfig config;
  private final Map<String, ModelDescription> descriptions = new LinkedHashMap<>();
  private final Map<String, Loaded> loaded = new ConcurrentHashMap<>();
  private final BrokenModels broken;
  private final @Nullable ModelLoader loader;

  /** A model that is run under the read lock and closed under the write lock. */
  private record Loaded(EncoderModel model, EncoderSession session, ReadWriteLock lock) {}

  private EncoderRunner(
      TorchEngine engine,
      EngineConfig config,
      Collection<ModelDescription> models,
      BrokenModels broken)
      throws IOException {
    this.engine = engine;
    this.config = config;
    this.broken = broken;
    models.forEach(m -> descriptions.put(m.name(), m));
    this.loader = config.memoryBytes() == 0 ? null : new Shelf(offers());
  }

  /** What opens such an engine, on the thread that will own it; fails if no model can be served. */
  public static EngineFactory factory(
      EngineConfig config, ModelCatalog catalog, LongSupplier nanos) {
    return () -> BrokenModels.servable(open(config, catalog, nanos));
  }

  /** Opens an engine with those of the models that can be served, perhaps none. */
  public static Engine open(EngineConfig config, ModelCatalog builtIn, LongSupplier nanos)
      throws IOException {
    StagedRunner runner =
        config.members().size() == 1
            ? runner(config, builtIn)
            : GroupRunner.open(config, one -> runner(one, builtIn), nanos);
    return new StagedEngine(runner, nanos);
  }

  private static EncoderRunner runner(EngineConfig config, ModelCatalog builtIn)
      throws IOException {
    List<ModelDescription> models = new ArrayList<>();
    BrokenModels broken = new BrokenModels();
    for (String name : config.models()) {
      broken.tried(name, () -> models.add(description(name, config, builtIn)));
    }
    TorchEngine engine = config.open();
    try {
      EncoderRunner runner = new EncoderRunner(engine, config, models, broken);
      runner.loadFirst();
      return runner;
    } catch (IOException | RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  /** Those that stay. One of them that can be loaded later is tried again then. */
  private void loadFirst() {
    for (String name : loader == null ? List.copyOf(descriptions.keySet()) : config.pinned()) {
      if (!descriptions.containsKey(name)) {
        continue;
      }
      BrokenModels tried = loader == null ? broken : new BrokenModels();
      if (!tried.tried(name, () -> load(name)) && loader == null) {
        descriptions.remove(name);
      }
    }
  }

  @Override
  public List<BrokenModel> broken() {
    return broken.list();
  }

  private List<ModelOffer> offers() throws IOException {
    List<ModelOffer> offers = new ArrayList<>();
    long pinned = 0;
    for (ModelDescription model : descriptions.values()) {
      ModelOffer offer =
          new ModelOffer(
              model.name(),
              model.revision(),
              EncoderModel.tasks(model),
              ModelMemory.bytes(model.files(), config.precision()),
              config.pinned().contains(model.name()),
              NumericPrecision.ofWireName(precision(model).label()).orElse(null));
      offers.add(offer);
      pinned += offer.pinned() ? offer.bytes() : 0;
    }
    for (ModelOffer offer : offers) {
      long needed = pinned + (offer.pinned() ? 0 : offer.bytes());
      if (needed > config.memoryBytes()) {
        throw new FailureException(
            ErrorCode.DEVICE_LOST,
            "worker.models.memory: %d bytes (expected: >= %d, for %s and the pinned models)"
                .formatted(config.memoryBytes(), needed, offer.name()));
      }
    }
    return offers;
  }

  /** Models come and go under the budget. */
  private final class Shelf implements ModelLoader {
    private final List<ModelOffer> offers;

    Shelf(List<ModelOffer> offers) {
      this.offers = List.copyOf(offers);
    }

    @Override
    public List<ModelOffer> offers() {
      return offers;
    }

    @Override
    public long budgetBytes() {
      return config.memoryBytes();
    }

    @Override
    public long roomBytes() {
      return engine.roomBytes();
    }

    @Override
    public ServedModel load(String name) {
      try {
        return EncoderRunner.this.load(name);
      } catch (IOException | EngineException e) {
        throw new FailureException(ErrorCode.MODEL_NOT_LOADED, name + ": " + e.getMessage(), e);
      }
    }

    @Override
    public void unload(String name) {
      Loaded gone = loaded.remove(name);
      if (gone != null) {
        free(gone);
      }
    }
  }

  /** Waits for a run that is under way. */
  private void free(Loaded gone) {
    gone.lock().writeLock().lock();
    try {
      engine.unload(gone.session());
      gone.model().tokenizer().close();
    } finally {
      gone.lock().writeLock().unlock();
    }
  }

  /**
   * What the encoders among these take of the device: all, or where they come and go the largest.
   * What cannot be read takes nothing.
   */
  public static long memoryBytes(List<String> models, EngineConfig config, ModelCatalog builtIn) {
    BrokenModels passedOver = new BrokenModels();
    List<Long> bytes = new ArrayList<>();
    for (String name : models) {
      passedOver.tried(
          name,
          () ->
              bytes.add(
                  ModelMemory.bytes(
                      description(name, config, builtIn).files(), config.precision())));
    }
    return config.memoryBytes() == 0
        ? bytes.stream().mapToLong(Long::longValue).sum()
        : bytes.stream().mapToLong(Long::longValue).max().orElse(0);
  }

  static ModelDescription description(String name, EngineConfig config, ModelCatalog builtIn)
      throws IOException {
    List<ModelDescription> found =
        config.folder().isEmpty()
            ? List.of()
            : ModelFolders.read(Path.of(config.folder()), List.of(name));
    ModelCatalog catalog = builtIn.with(found);
    return catalog
        .find(name)
        .orElseThrow(
            () ->
                new FailureException(
                    ErrorCode.UNKNOWN_MODEL,
                    "worker.models: " + name + " (expected: some of " + catalog.names() + ")"));
  }

  private EncoderModel load(String name) throws IOException {
    ModelDescription description = descriptions.get(name);
    if (description == null) {
      throw new IllegalArgumentException(
          "model: " + name + " (expected: one of " + descriptions.keySet() + ")");
    }
    TextTokenizer tokenizer = TextTokenizer.open(description);
    EncoderSession session;
    try {
      session = engine.load(description, config.precision());
    } catch (IOException | RuntimeException e) {
      tokenizer.close();
      throw e;
    }
    EncoderModel model =
        new EncoderModel(
            description,
            tokenizer,
            NumericPrecision.ofWireName(precision(description).label()),
            config.gpu().isPresent() && !session.packs(),
            new Profiles(config.folder(), engine.device(), config.usedThreads())
                .find(description)
                .flatMap(p -> p.curve(precision(description))));
    loaded.put(name, new Loaded(model, session, new ReentrantReadWriteLock()));
    return model;
  }

  /** What it computes in: ready-made files have their own. */
  private Precision precision(ModelDescription model) {
    return model.files().readyScript().map(ReadyScript::precision).orElse(config.precision());
  }

  @Override
  public List<ServedModel> models() {
    List<ServedModel> models = new ArrayList<>();
    for (String name : descriptions.keySet()) {
      Loaded here = loaded.get(name);
      if (here != null) {
        models.add(here.model());
      }
    }
    return models;
  }

  /** Sessions of different models share the device, so the shallowest decides. */
  @Override
  public int depth() {
    return loaded.values().stream().mapToInt(l -> l.session().depth()).min().orElse(1);
  }

  @Override
  public Optional<ModelLoader> loader() {
    return Optional.ofNullable(loader);
  }

  @Override
  public Running start(ServedModel model, List<Row> rows) {
    Loaded target = loaded.get(model.name());
    if (target == null) {
      throw gone(model);
    }
    List<TokenizedText> texts = new ArrayList<>(rows.size());
    rows.forEach(r -> texts.add(((EncoderModel.TextRow) r).text()));
    // Held until the batch is done, so that a model is not freed under it.
    target.lock().readLock().lock();
    boolean started = false;
    try {
      if (!target.equals(loaded.get(model.name()))) {
        throw gone(model);
      }
      PendingBatch pending = translated(() -> target.session().start(texts));
      started = true;
      return new Running() {
        @Override
        public List<RowOutput> await() {
          return ended(target, rows, pending);
        }

        @Override
        public boolean done() {
          return pending.done();
        }
      };
    } finally {
      if (!started) {
        target.lock().readLock().unlock();
      }
    }
  }

  private static List<RowOutput> ended(Loaded target, List<Row> rows, PendingBatch pending) {
    try {
      return outputs(target.model(), rows, translated(pending::await));
    } finally {
      target.lock().readLock().unlock();
    }
  }

  private static <T> T translated(Supplier<T> call) {
    try {
      return call.get();
    } catch (EngineException e) {
      throw new FailureException(code(e.kind()), String.valueOf(e.getMessage()), e);
    }
  }

  /** The loop unloads no model that it gave rows of; if it were to, they would come again. */
  private FailureException gone(ServedModel model) {
    return new FailureException(
        ErrorCode.NO_CAPACITY, model.name() + ": not loaded (expected: " + loaded.keySet() + ")");
  }

  private static ErrorCode code(EngineException.Kind kind) {
    return switch (kind) {
      case RESOURCE -> ErrorCode.OUT_OF_MEMORY;
      case INTERNAL -> ErrorCode.INTERNAL_ERROR;
      case FATAL -> ErrorCode.DEVICE_LOST;
    };
  }

  private static List<RowOutput> outputs(EncoderModel model, List<Row> rows, EncodedBatch batch) {
    List<RowOutput> outputs = new ArrayList<>(batch.rows());
    for (int i = 0; i < batch.rows(); i++) {
      outputs.add(
          batch.isFinite(i)
              ? new RowOutput.Vector(model.wanted(rows.get(i), batch.row(i)))
              : new RowOutput.Failed(
                  new Failure(
                      ErrorCode.INTERNAL_ERROR, "vector with NaN or infinity (expected: finite)")));
    }
    return outputs;
  }

  @Override
  public long memoryFreeBytes() {
    return engine.memoryFreeBytes();
  }

  @Override
  public long memoryUnusedBytes() {
    return engine.memoryUnusedBytes();
  }

  @Override
  public void close() {
    // The sessions go with their engine; a tokenizer has memory of its own.
    engine.close();
    loaded.values().forEach(l -> l.model().tokenizer().close());
    loaded.clear();
  }
}
