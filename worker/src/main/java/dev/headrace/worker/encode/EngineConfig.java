package dev.headrace.worker.encode;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.cuda.DeviceTypeNames;
import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.Precision;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an engine runs, and on what.
 *
 * @param device {@code cpu}, or {@code cuda:} and the number of a GPU
 * @param models names in the catalogue
 * @param folder where Hugging Face folders are, each a model called as its folder; empty for none
 * @param precision the number format
 * @param threads that run a batch on the CPU together; 0 for one a core
 * @param memoryBytes most memory for models, by which they are loaded and unloaded as requests
 *     come; 0 for no limit: all are loaded at the start and stay
 * @param pinned models that are loaded at the start and stay whatever the limit
 * @param auto whether the precision is yet to be chosen, by measurement; float32 until then
 * @param archives what is generated from models
 */
public record EngineConfig(
    String device,
    List<String> models,
    String folder,
    Precision precision,
    int threads,
    long memoryBytes,
    List<String> pinned,
    boolean auto,
    ArchiveConfig archives) {

  /** All models stay loaded. */
  public EngineConfig(
      String device, List<String> models, String folder, Precision precision, int threads) {
    this(device, models, folder, precision, threads, 0, List.of(), false, ArchiveConfig.NONE);
  }

  private static final Logger LOG = LoggerFactory.getLogger(EngineConfig.class);

  private static final Pattern DEVICE = Pattern.compile("cpu|cuda:(\\d{1,2})");

  private static final Pattern FOLDER = Pattern.compile("\\P{Cntrl}{0,4096}");

  public static EngineConfig read(Settings s) {
    Optional<Precision> named =
        s.choice(
                "worker.precision",
                PrecisionChoice.FP32,
                PrecisionChoice::label,
                "Number format of the models; auto for the fastest that is accurate, by its profile"
                    + " or a short measurement at the start.")
            .precision();
    EngineConfig config =
        new EngineConfig(
            s.text("worker.device", "cpu", DEVICE, "cpu or cuda:N", "The device to run on."),
            s.list("worker.models", List.of("all-minilm-l6-v2"), "Names of the models to serve."),
            s.text(
                "worker.models.folder",
                "",
                FOLDER,
                "a path, or nothing",
                "Folder of Hugging Face folders, each a model called as its folder."),
            named.orElse(Precision.FLOAT32),
            s.integer(
                "worker.threads",
                0,
                0,
                1024,
                "Threads that run a batch on the CPU together; 0 for one a core that the process may"
                    + " use, by affinity, cpuset and quota as the JVM counts them."),
            s.bytes(
                "worker.models.memory",
                "0B",
                "Memory for models: they are loaded when requests come, those used least recently"
                    + " make room; 0B for no limit, all are loaded at the start."),
            s.list(
                "worker.models.pinned",
                List.of(),
                "Models that are loaded at the start and stay, with worker.models.memory."),
            named.isEmpty(),
            ArchiveConfig.read(s));
    if (config.models().isEmpty()) {
      s.problem("worker.models", "", "at least one model", "settings");
    }
    for (String name : config.pinned()) {
      if (!config.models().contains(name)) {
        s.problem("worker.models.pinned", name, "some of worker.models", "settings");
      }
    }
    if (config.memoryBytes() > 0 && config.gpu().isPresent()) {
      s.problem("worker.models.memory", config.memoryBytes() + "B", "0B on a GPU", "settings");
    }
    return config;
  }

  /** The number of the GPU, empty for the CPU. */
  Optional<Integer> gpu() {
    Matcher m = DEVICE.matcher(device);
    return m.matches() && m.group(1) != null
        ? Optional.of(Integer.valueOf(m.group(1)))
        : Optional.empty();
  }

  /** The same for other models. */
  public EngineConfig withModels(List<String> names) {
    List<String> kept = pinned.stream().filter(names::contains).toList();
    return new EngineConfig(
        device, names, folder, precision, threads, memoryBytes, kept, auto, archives);
  }

  /** The same in this precision. */
  EngineConfig withPrecision(Precision chosen) {
    return new EngineConfig(
        device, models, folder, chosen, threads, memoryBytes, pinned, false, archives);
  }

  /** Threads on the CPU; 1 for a GPU. */
  public int usedThreads() {
    if (gpu().isPresent()) {
      return 1;
    }
    return threads == 0 ? Math.max(1, DeviceInventory.cpu().cores()) : threads;
  }

  /** Opens the device for the calling thread. */
  public TorchEngine open() {
    ComputeDevice found = computeDevice();
    LOG.info(
        "engine device={} name={} memory={} precision={} models={}",
        device,
        found.name(),
        found.memoryBytes(),
        precision.label(),
        models);
    return TorchEngine.open(
        found, threads == 0 ? Math.max(1, found.cores()) : threads, archives.open());
  }

  private ComputeDevice computeDevice() {
    if (gpu().isEmpty()) {
      return DeviceInventory.cpu();
    }
    int index = gpu().get();
    List<ComputeDevice> all = DeviceInventory.discover();
    return all.stream()
        .filter(d -> d.kind() == ComputeDevice.Kind.CUDA && d.index() == index)
        .findFirst()
        .orElseThrow(
            () ->
                new FailureException(
                    ErrorCode.DEVICE_LOST,
                    "worker.device: " + device + " (expected: one of " + all + ")"));
  }

  /**
   * The usual name of the device type: {@code cpu-int8}, {@code cpu-auto} until the precision is
   * chosen, or what a GPU is called, {@code nvidia-h100-80gb-hbm3}; {@code cuda-fp16} where the GPU
   * cannot be asked.
   */
  public String deviceType() {
    String format = auto ? "auto" : precision.label();
    return gpu()
        .map(
            index ->
                DeviceInventory.describe(index)
                    .map(g -> DeviceTypeNames.of(g.name()))
                    .orElse("cuda-" + format))
        .orElse("cpu-" + format);
  }

  /** The same on another device. */
  public EngineConfig on(String other) {
    return new EngineConfig(
        other, models, folder, precision, threads, memoryBytes, pinned, auto, archives);
  }
}
