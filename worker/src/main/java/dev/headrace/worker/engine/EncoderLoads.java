package dev.headrace.worker.engine;

import ai.djl.Device;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import dev.headrace.worker.engine.Generated.Source;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.ReadyScript;
import dev.headrace.worker.model.encoder.EncoderEmitter;
import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.torchscript.TorchScriptArchive;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Loads encoders, and whatever else answers a batch in one run. */
final class EncoderLoads {
  /** Measured on an EPYC 9005: one row of 64 tokens runs as fast per token as 32 of them. */
  private static final Grouping SMALL_GROUPS = new Grouping(8, 1024, 1);

  private static final Grouping SMALL_GROUPS_OF_EIGHT = new Grouping(8, 1024, 8);

  /** Chosen: a batch runs whole unless its rows differ very much. */
  private static final Grouping LARGE_GROUPS = new Grouping(4096, 1 << 17, 1);

  /**
   * Where padding is not computed, it only takes memory for embeddings and results, so a batch
   * hardly ever runs in parts: 2^18 cells of BERT-base take 0.4 GB (chosen).
   */
  private static final Grouping WHOLE = new Grouping(1 << 16, 1 << 18, 1);

  private final OpenDevice on;

  EncoderLoads(OpenDevice on) {
    this.on = on;
  }

  /** See {@link TorchEngine#load(ModelDescription, Precision)}. */
  EncoderSession load(ModelDescription model, Precision precision) throws IOException {
    if (Thread.currentThread() != on.owner()) {
      CpuThreads.useOne();
    }
    Optional<ReadyScript> ready = model.files().readyScript();
    if (ready.isPresent()) {
      return ready(model, ready.get());
    }
    String shape = model.config() + " " + model.head();
    try {
      return on.generated()
          .load(
              new Source("encoder", model.revision(), precision, shape),
              archive -> write(model, precision, archive),
              archive -> session(model, precision, archive));
    } catch (RuntimeException | Error e) {
      throw TorchErrors.translate("loading " + model.name() + " as " + precision.label(), e);
    }
  }

  private EncoderSession session(ModelDescription model, Precision precision, Path archive)
      throws IOException {
    on.admit(model.name(), Files.size(archive));
    PtSymbolBlock block = on.module(archive);
    if (on.onGpu()) {
      return onGpu(model, block, precision);
    }
    TorchSession session =
        new TorchSession(
            model,
            List.of(block),
            () -> new GroupRunner(block, (PtNDManager) on.manager().newSubManager()),
            on.threads(),
            on.owner(),
            grouping(precision));
    session.warmUp();
    return session;
  }

  /**
   * Loads TorchScript as it is, whatever the precision of the others. Its first runs say whether it
   * takes and gives what it is said to.
   */
  private EncoderSession ready(ModelDescription model, ReadyScript script) throws IOException {
    PtNDManager own = (PtNDManager) on.manager().newSubManager();
    try {
      on.admit(model.name(), Files.size(script.file()));
      List<PtSymbolBlock> blocks = new ArrayList<>();
      blocks.add(OpenDevice.load(own, script.file()));
      Optional<ScriptObject> ending = ending(model.head(), script);
      if (ending.isPresent()) {
        blocks.add(OpenDevice.script(own, ending.get()));
      }
      blocks.forEach(JniUtils::enableInferenceMode);
      PtSymbolBlock after = blocks.size() > 1 ? blocks.get(1) : null;
      TorchSession session =
          new TorchSession(
              model,
              blocks,
              () ->
                  new ReadyRunner(script, blocks.get(0), after, (PtNDManager) own.newSubManager()),
              on.threads(),
              on.owner(),
              grouping(script.precision()));
      session.warmUp();
      return session;
    } catch (RuntimeException | Error e) {
      own.close();
      throw TorchErrors.translate(
          "loading " + model.name() + ": " + script.file().getFileName(), e);
    }
  }

  private static Optional<ScriptObject> ending(Head head, ReadyScript script) {
    if (head instanceof Head.MaskedFill fill) {
      return Optional.of(EncoderEmitter.ending(fill));
    }
    if (!(head instanceof Head.Embedding embedding)) {
      return Optional.empty();
    }
    if (script.perToken()) {
      return Optional.of(EncoderEmitter.ending(embedding));
    }
    return embedding.normalise() ? Optional.of(EncoderEmitter.normalising()) : Optional.empty();
  }

  private EncoderSession onGpu(ModelDescription model, PtSymbolBlock block, Precision precision)
      throws IOException {
    PtNDManager host = on.manager().newSubManager(Device.cpu());
    boolean packs = EncoderEmitter.packs(model.config(), on.target(precision));
    CudaSession session =
        new CudaSession(
            model,
            block,
            host,
            packs ? WHOLE : LARGE_GROUPS,
            packs,
            on.recorder(),
            TorchEngine.RECORD_AFTER);
    session.warmUp();
    session.handOver(on.owner());
    return session;
  }

  private void write(ModelDescription model, Precision precision, Path archive) throws IOException {
    try (WeightSource weights = model.files().openWeights()) {
      Target target = on.target(precision);
      ScriptObject script =
          on.onGpu()
              ? EncoderEmitter.staged(model.config(), weights, target, model.head())
              : EncoderEmitter.model(model.config(), weights, target, model.head());
      TorchScriptArchive.write(script, archive);
    }
  }

  private Grouping grouping(Precision precision) {
    if (on.onGpu()) {
      return LARGE_GROUPS;
    }
    return precision == Precision.INT8 ? SMALL_GROUPS : SMALL_GROUPS_OF_EIGHT;
  }
}
