package dev.headrace.worker.engine;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import dev.headrace.worker.cuda.Cuda;
import dev.headrace.worker.cuda.CudaException;
import dev.headrace.worker.cuda.Recorder;
import dev.headrace.worker.cuda.TorchMemory;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.torchscript.TorchScriptArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A device that an engine opened, and what all its sessions share.
 *
 * @param owner the only thread that may run sessions
 * @param manager of the memory of what is loaded
 * @param threads that work on the CPU
 * @param generated what was made of models
 * @param recorder of work that comes again, or null where it is run plainly
 */
record OpenDevice(
    ComputeDevice device,
    Thread owner,
    PtNDManager manager,
    CpuThreads threads,
    Generated generated,
    @Nullable Recorder recorder) {
  /** DJL asks for extra files, by name and by content. */
  private static final String[] NONE = {};

  /** Memory that a model's first batches take; measured on an H100: 450 MB for 256 rows of 128. */
  private static final long WORKSPACE_BYTES = 512L << 20;

  /**
   * Memory of a GPU that is free, as its driver says; 0 for a CPU. Any thread may call this; the
   * GPU becomes its device.
   *
   * @throws EngineException FATAL when the GPU is lost: then every call of its driver fails
   */
  long memoryFreeBytes() {
    return onGpu() ? driverFreeBytes() : 0;
  }

  /**
   * Memory that a further model may take, by the driver's numbers: what is free, less what the
   * first batches take. No limit on a CPU, whose system nobody can ask so. Any thread may call
   * this; the GPU becomes its device.
   *
   * @throws EngineException as {@link #memoryFreeBytes}
   */
  long roomBytes() {
    return onGpu() ? driverFreeBytes() - WORKSPACE_BYTES : Long.MAX_VALUE;
  }

  /** See {@link TorchEngine#memoryUnusedBytes}. */
  long memoryUnusedBytes() {
    return recorder == null ? 0 : TorchMemory.unusedBytes(device.index());
  }

  private long driverFreeBytes() {
    try {
      Cuda.select(device.index());
      return Cuda.memory().freeBytes();
    } catch (CudaException e) {
      throw TorchErrors.translate("asking " + device.name() + " for its memory", e);
    }
  }

  /**
   * Refuses a model for which a GPU's memory does not suffice, before anything is loaded.
   *
   * @param weights bytes, as large as the archive
   * @throws EngineException RESOURCE when it does not fit, FATAL when the GPU is lost
   */
  void admit(String model, long weights) {
    if (!onGpu()) {
      return;
    }
    long free = driverFreeBytes();
    if (weights + WORKSPACE_BYTES > free) {
      JniUtils.emptyCudaCache();
      free = driverFreeBytes();
    }
    if (weights + WORKSPACE_BYTES > free) {
      throw new EngineException(
          EngineException.Kind.RESOURCE,
          "GPU memory for %s: %d bytes free (expected: >= %d of weights and %d to work in)"
              .formatted(model, free, weights, WORKSPACE_BYTES),
          null);
    }
  }

  /** What an archive holds, ready to run. */
  PtSymbolBlock module(Path archive) {
    PtSymbolBlock block = load(manager, archive);
    JniUtils.enableInferenceMode(block);
    return block;
  }

  /** A script that is no model. */
  static PtSymbolBlock script(PtNDManager manager, ScriptObject script) throws IOException {
    Path archive = Files.createTempFile("headrace-", ".pt");
    try {
      TorchScriptArchive.write(script, archive);
      return load(manager, archive);
    } finally {
      Files.deleteIfExists(archive);
    }
  }

  /** TorchScript from this file. */
  static PtSymbolBlock load(PtNDManager manager, Path file) {
    return JniUtils.loadModule(manager, file, true, NONE, NONE, false);
  }

  /** What code is made for here. */
  Target target(Precision precision) {
    return new Target(precision, !onGpu(), device.features());
  }

  boolean onGpu() {
    return device.kind() == ComputeDevice.Kind.CUDA;
  }
}
