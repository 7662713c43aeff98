package dev.headrace.worker.encode;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.worker.device.BatchRunner;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.device.OneShotEngine;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.engine.EncodedBatch;
import dev.headrace.worker.engine.EncoderSession;
import dev.headrace.worker.engine.EngineException;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.store.ModelFolders;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** Runs encoders on one device with libtorch. */
public final class EncoderRunner implements BatchRunner {
  private final TorchEngine engine;
  private final Map<String, Loaded> loaded = new LinkedHashMap<>();

  private record Loaded(EncoderModel model, EncoderSession session) {}

  private EncoderRunner(TorchEngine engine) {
    this.engine = engine;
  }

  /** What opens such an engine, on the thread that will own it. */
  public static EngineFactory factory(
      EngineConfig config, ModelCatalog catalog, LongSupplier nanos) {
    return () -> new OneShotEngine(open(config, catalog), nanos);
  }

  private static EncoderRunner open(EngineConfig config, ModelCatalog builtIn) throws IOException {
    ModelCatalog catalog =
        config.folder().isEmpty()
            ? builtIn
            : builtIn.with(ModelFolders.read(Path.of(config.folder()), config.models()));
    EncoderRunner runner = new EncoderRunner(config.open());
    try {
      for (String name : config.models()) {
        runner.load(description(name, catalog), config);
      }
      return runner;
    } catch (IOException | RuntimeException e) {
      runner.close();
      throw e;
    }
  }

  private static ModelDescription description(String name, ModelCatalog catalog) {
    return catalog
        .find(name)
        .orElseThrow(
            () ->
                new FailureException(
                    ErrorCode.UNKNOWN_MODEL,
                    "worker.models: " + name + " (expected: some of " + catalog.names() + ")"));
  }

  private void load(ModelDescription description, EngineConfig config) throws IOException {
    TextTokenizer tokenizer = TextTokenizer.open(description);
    EncoderSession session;
    try {
      session = engine.load(description, config.precision());
    } catch (IOException | RuntimeException e) {
      tokenizer.close();
      throw e;
    }
    loaded.put(
        description.name(),
        new Loaded(
            new EncoderModel(
                description, tokenizer, NumericPrecision.ofWireName(config.precision().label())),
            session));
  }

  @Override
  public List<ServedModel> models() {
    List<ServedModel> models = new ArrayList<>();
    loaded.values().forEach(l -> models.add(l.model()));
    return models;
  }

  @Override
  public List<RowOutput> run(ServedModel model, List<Row> rows) {
    Loaded target = loaded.get(model.name());
    if (target == null) {
      throw new FailureException(
          ErrorCode.INTERNAL_ERROR,
          model.name() + ": not loaded (expected: " + loaded.keySet() + ")");
    }
    List<TokenizedText> texts = new ArrayList<>(rows.size());
    rows.forEach(r -> texts.add(((EncoderModel.TextRow) r).text()));
    try {
      return outputs(target.model(), rows, target.session().run(texts));
    } catch (EngineException e) {
      throw new FailureException(code(e.kind()), String.valueOf(e.getMessage()), e);
    }
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
    return 0;
  }

  @Override
  public void close() {
    // The sessions go with their engine; a tokenizer has memory of its own.
    engine.close();
    loaded.values().forEach(l -> l.model().tokenizer().close());
    loaded.clear();
  }
}
