package dev.headrace.worker.encode;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.cuda.DeviceTypeNames;
import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an engine runs, and on what.
 *
 * @param device {@code cpu}, or {@code cuda:} and the number of a GPU; several of them with {@code
 *     +} between for a group that shares each batch
 * @param models names in the catalogue
 * @param folder where Hugging Face folders are, each a model called as its folder; empty for none
 * @param precision the number format
 * @param threads that run a batch on the CPU together; 0 for one a core
 * @param memoryBytes most memory for models, by which they are loaded and unloaded as requests
 *     come; {@link Long#MAX_VALUE} where only a GPU's driver limits it; 0 for no limit: all are
 *     loaded at the start and stay
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

  private static final String ONE = "(?:cpu|cuda:(\\d{1,2}))";

  private static final Pattern DEVICE = Pattern.compile(ONE);

  /** One, or several that are one group. */
  private static final Pattern DEVICES = Pattern.compile(ONE + "(?:\\+" + ONE + ")*");

  private static final Pattern MEMORY = Pattern.compile("auto|\\d+(B|KiB|MiB|GiB)?");

  /** Only what the device says it has limits the models' memory. */
  private static final long BY_DEVICE = Long.MAX_VALUE;

  static final Pattern FOLDER = Pattern.compile("\\P{Cntrl}{0,4096}");

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
            s.text(
                "worker.device",
                "cpu",
                DEVICES,
                "cpu or cuda:N, or several with + between them",
                "The device to run on; several, as cuda:0+cuda:1, share each batch by their"
                    + " measured speed (encoders only)."),
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
            memory(s),
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
    if (config.members().size() > 1) {
      config.checkGroup(s);
    } else if (config.memoryBytes() == BY_DEVICE && !config.onGpu()) {
      s.problem("worker.models.memory", "auto", "a size on a CPU", "settings");
    }
    return config;
  }

  private void checkGroup(Settings s) {
    if (members().size() != members().stream().distinct().count()) {
      s.problem("worker.device", device, "each device once", "settings");
    }
    if (memoryBytes > 0) {
      s.problem("worker.models.memory", memoryBytes + "B", "0B in a group of devices", "settings");
    }
    if (auto) {
      s.problem("worker.precision", "auto", "a precision in a group of devices", "settings");
    }
  }

  private static long memory(Settings s) {
    String value =
        s.text(
            "worker.models.memory",
            "0B",
            MEMORY,
            "a number of B, KiB, MiB or GiB, or auto",
            "Memory for models: they are loaded when requests come, those used least recently make"
                + " room, on a GPU also where its driver has not enough free; auto, on a GPU, for"
                + " what its driver says alone; 0B for all models at the start.");
    if (value.equals("auto")) {
      return BY_DEVICE;
    }
    Optional<Long> bytes = Settings.parseBytes(value);
    if (bytes.isEmpty()) {
      s.problem("worker.models.memory", value, "less than 2^63 bytes", "settings");
    }
    return bytes.orElse(0L);
  }

  /** The number of the GPU, empty for the CPU. */
  Optional<Integer> gpu() {
    Matcher m = DEVICE.matcher(device);
    return m.matches() && m.group(1) != null
        ? Optional.of(Integer.valueOf(m.group(1)))
        : Optional.empty();
  }

  /** Whether the device, or one of the group, is a GPU. */
  public boolean onGpu() {
    return device.contains("cuda");
  }

  /** The devices of the group; the one where it is none. */
  public List<String> members() {
    return List.of(device.split("\\+"));
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
   * cannot be asked. A group's are counted: {@code nvidia-h200-x2}, {@code
   * nvidia-h200-and-cpu-bf16}.
   */
  public String deviceType() {
    if (members().size() == 1) {
      return oneDeviceType();
    }
    Map<String, Long> counts =
        memberTypes().stream()
            .collect(Collectors.groupingBy(t -> t, LinkedHashMap::new, Collectors.counting()));
    return counts.entrySet().stream()
        .map(e -> e.getValue() == 1 ? e.getKey() : e.getKey() + "-x" + e.getValue())
        .collect(Collectors.joining("-and-"));
  }

  /** What the devices of the group are called, each. */
  public List<String> memberTypes() {
    return members().stream().map(member -> on(member).oneDeviceType()).toList();
  }

  private String oneDeviceType() {
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
