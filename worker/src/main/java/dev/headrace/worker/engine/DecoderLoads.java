package dev.headrace.worker.engine;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import dev.headrace.worker.cuda.Recorder;
import dev.headrace.worker.engine.Generated.Source;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.decoder.DecoderEmitter;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.decoder.PackedDecoderEmitter;
import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.torchscript.TorchScriptArchive;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/** Loads models that generate text, each with KV memory of its own. */
final class DecoderLoads {
  private final OpenDevice on;

  DecoderLoads(OpenDevice on) {
    this.on = on;
  }

  /** See {@link TorchEngine#load(DecoderModel, Precision, KvPlan)}. */
  DecoderSession load(DecoderModel model, Precision precision, KvPlan plan) throws IOException {
    if (on.onGpu()) {
      return loadRuns(model, precision, plan);
    }
    TorchEngine.checkOwner(on.owner());
    PtNDManager inputs = (PtNDManager) on.manager().newSubManager();
    try {
      PtSymbolBlock block =
          decoder(
              "decoder",
              model,
              precision,
              weights -> DecoderEmitter.model(model.config(), weights, on.target(precision)),
              on::module);
      int multiple = on.target(precision).usesOneDnn() ? 8 : 1;
      TorchDecoder session =
          new TorchDecoder(model, block, inputs, on.owner(), plan, cacheType(precision), multiple);
      session.warmUp();
      return session;
    } catch (RuntimeException | Error e) {
      inputs.close();
      throw TorchErrors.translate("loading " + model.name() + " as " + precision.label(), e);
    }
  }

  /** What an emitter makes of a model's weights. */
  private interface Emitted {
    ScriptObject of(WeightSource weights) throws IOException;
  }

  private PtSymbolBlock decoder(
      String kind,
      DecoderModel model,
      Precision precision,
      Emitted emitted,
      Generated.Loading<PtSymbolBlock> loading)
      throws IOException {
    return on.generated()
        .load(
            new Source(kind, model.revision(), precision, model.config().toString()),
            archive -> {
              try (WeightSource weights = model.files().openWeights()) {
                TorchScriptArchive.write(emitted.of(weights), archive);
              }
            },
            loading);
  }

  /** Loads a decoder the way of a GPU; the CPU runs it too, for tests. */
  DecoderSession loadRuns(DecoderModel model, Precision precision, KvPlan plan) throws IOException {
    // In float32 the host reads lengths to loop over sequences: a recording would repeat the old.
    boolean repeats = on.target(precision).packs();
    return loadRuns(
        model, precision, plan, repeats ? on.recorder() : null, TorchEngine.RECORD_AFTER);
  }

  /** With a recorder of its own, which records after so many plain runs. */
  DecoderSession loadRuns(
      DecoderModel model,
      Precision precision,
      KvPlan plan,
      @Nullable Recorder recordsSteps,
      int recordAfter)
      throws IOException {
    TorchEngine.checkOwner(on.owner());
    boolean gpu = on.onGpu();
    PtNDManager tensors = (PtNDManager) on.manager().newSubManager();
    PtNDManager host = on.manager().newSubManager(Device.cpu());
    try {
      Target target = new Target(precision, false, on.device().features());
      PtSymbolBlock block =
          decoder(
              "runs",
              model,
              precision,
              weights -> PackedDecoderEmitter.model(model.config(), weights, target),
              archive -> {
                on.admit(model.name(), Files.size(archive) + plan.leastBytes());
                return on.module(archive);
              });
      RunDecoder session =
          new RunDecoder(
              model,
              new RunDecoder.Parts(
                  block,
                  new KvMover(OpenDevice.script(on.manager(), KvMover.script())),
                  tensors,
                  host,
                  gpu ? StepMemory.pinned() : StepMemory.plain(),
                  recordsSteps),
              on.owner(),
              gpu ? plan.fitted(on.memoryFreeBytes()) : plan,
              cacheType(precision),
              recordAfter);
      session.warmUp();
      return session;
    } catch (RuntimeException | Error e) {
      host.close();
      tensors.close();
      throw TorchErrors.translate("loading " + model.name() + " as " + precision.label(), e);
    }
  }

  private static DataType cacheType(Precision precision) {
    return switch (precision) {
      case FLOAT32, INT8 -> DataType.FLOAT32;
      case FLOAT16 -> DataType.FLOAT16;
      case BFLOAT16 -> DataType.BFLOAT16;
    };
  }
}
