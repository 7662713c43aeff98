package dev.headrace.worker;

import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.config.Settings;
import dev.headrace.transport.kafka.LaneIntake;
import dev.headrace.worker.batch.BatchConfig;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.failure.RetryConfig;
import dev.headrace.worker.generate.GenerationConfig;
import dev.headrace.worker.loop.Identity;
import dev.headrace.worker.loop.IntakeConfig;
import dev.headrace.worker.loop.UniqueName;
import dev.headrace.worker.upstream.UpstreamConfig;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Settings of a worker.
 *
 * @param identity who it is
 * @param kind which of the two engines it has
 * @param engine what the worker's own engine runs, and on what
 * @param generation how that generates text
 * @param upstream the server that it feeds otherwise
 * @param laneIntake how it takes its lane's work
 * @param intake how much it takes
 * @param batch limits of a batch
 * @param retry how often a request is tried
 * @param limits of bodies
 * @param prepareThreads threads that read bodies and write responses; 0 for as many as fit the
 *     cores
 * @param deliverThreads threads that hand outcomes to Redis and Kafka; 0 for as many as fit the
 *     cores
 * @param sharedVectors label descriptions and the like whose vectors are remembered
 * @param heartbeatInterval between heartbeats
 * @param warmUp longest time for measuring before work is taken; zero for none
 * @param stuckAfter how much longer than predicted the device may take; zero for ever
 * @param streamInterval between two writes of streamed text
 * @param drainTimeout how long running and waiting work may take when the worker stops
 */
public record WorkerConfig(
    Identity identity,
    EngineKind kind,
    EngineConfig engine,
    GenerationConfig generation,
    UpstreamConfig upstream,
    LaneIntake laneIntake,
    IntakeConfig intake,
    BatchConfig batch,
    RetryConfig retry,
    BodyLimits limits,
    int prepareThreads,
    int deliverThreads,
    int sharedVectors,
    Duration heartbeatInterval,
    Duration warmUp,
    Duration stuckAfter,
    Duration streamInterval,
    Duration drainTimeout) {
  /** Where a second delivering thread takes no core that others need (chosen). */
  private static final int CORES_FOR_TWO = 8;

  /** A name, or nothing: then it is made up. */
  private static final Pattern NAME_OR_NONE = Pattern.compile("[A-Za-z0-9._-]{0,64}");

  private static final String NAME_EXPECTED = "1..64 of A-Z a-z 0-9 . _ -";

  public static WorkerConfig read(Settings s) {
    EngineKind kind =
        s.choice(
            "worker.engine",
            EngineKind.TORCH,
            EngineKind::label,
            "What runs the models: the worker itself, or a server on its machine.");
    EngineConfig engine = EngineConfig.read(s);
    UpstreamConfig upstream = UpstreamConfig.read(s);
    String type = kind == EngineKind.TORCH ? engine.deviceType() : kind.label();
    return new WorkerConfig(
        identity(s, type, kind == EngineKind.TORCH ? engine.memberTypes() : List.of(type)),
        kind,
        engine,
        GenerationConfig.read(s),
        upstream,
        LaneIntake.read(s),
        IntakeConfig.read(s),
        BatchConfig.read(s),
        RetryConfig.read(s),
        limits(s),
        prepareThreads(s),
        s.integer(
            "worker.deliver.threads",
            0,
            0,
            16,
            "Threads that hand outcomes to Redis and Kafka; 0 for one, and two from "
                + CORES_FOR_TWO
                + " cores on."),
        s.integer(
            "worker.shared-vectors",
            4096,
            256,
            1_000_000,
            "Label descriptions whose vectors are remembered."),
        s.duration(
            "worker.heartbeat.interval",
            Duration.ofSeconds(1),
            Duration.ofMillis(10),
            Duration.ofMinutes(1),
            "Time between heartbeats."),
        s.duration(
            "worker.warm-up",
            Duration.ofSeconds(5),
            Duration.ZERO,
            Duration.ofMinutes(10),
            "Longest time for measuring the device before work is taken."),
        s.duration(
            "worker.batch.stuck-after",
            Duration.ofMinutes(5),
            Duration.ZERO,
            Duration.ofDays(1),
            "How much longer than ten times its prediction the device may be at a batch (than the"
                + " whole text's at a step of generating) before the worker ends with status 3;"
                + " after a quarter of it no more work is taken. 0 to wait for ever."),
        s.duration(
            "worker.stream.interval",
            Duration.ofMillis(200),
            Duration.ofMillis(10),
            Duration.ofSeconds(10),
            "Time between two writes of the text that clients read along."),
        s.duration(
            "worker.drain-timeout",
            Duration.ofSeconds(20),
            Duration.ZERO,
            Duration.ofHours(1),
            "How long work that was begun may take when the worker stops."));
  }

  private static int prepareThreads(Settings s) {
    return s.integer(
        "worker.prepare.threads",
        0,
        0,
        256,
        "Threads that read bodies, tokenise and write responses; 0 for one per four cores, at most"
            + " eight, and on a GPU for three of four cores shared by the GPUs, at most sixteen for"
            + " each.");
  }

  /** How many threads deliver: one has the most requests a second that one engine has had yet. */
  int delivering() {
    if (deliverThreads > 0) {
      return deliverThreads;
    }
    return Runtime.getRuntime().availableProcessors() < CORES_FOR_TWO ? 1 : 2;
  }

  /** How many threads read bodies and write responses. */
  int preparing() {
    if (prepareThreads > 0) {
      return prepareThreads;
    }
    int cores = Runtime.getRuntime().availableProcessors();
    return kind == EngineKind.TORCH && engine.onGpu()
        ? PrepareThreads.onGpu(cores, DeviceInventory.gpus().size(), engine.members().size())
        : PrepareThreads.onCpu(cores);
  }

  private static Identity identity(Settings s, String usualType, List<String> usualTypes) {
    String id =
        s.text(
            "worker.id",
            "",
            NAME_OR_NONE,
            NAME_EXPECTED + ", or nothing",
            "Unique name of this worker; when empty made of host, process and a random number. A"
                + " worker ends when another that lives has its name.");
    String type =
        s.text(
            "worker.device-type",
            "",
            NAME_OR_NONE,
            NAME_EXPECTED + ", or nothing",
            "Device type as the router sees it; when empty made of device and precision.");
    String deviceType = type.isEmpty() ? usualType : type;
    String lane =
        s.text(
            "worker.lane",
            "",
            NAME_OR_NONE,
            NAME_EXPECTED + ", or nothing",
            "Pool whose work it takes; when empty the device type.");
    return new Identity(
        id.isEmpty() ? UniqueName.next() : id,
        deviceType,
        lane.isEmpty() ? deviceType : lane,
        price(
            s.real(
                "worker.usd-per-hour",
                0,
                0,
                1e6,
                "Price of the device, in US dollars an hour; 0 for the one of the built-in list."),
            deviceType.equals(usualType) ? usualTypes : List.of(deviceType)));
  }

  /** Of a group, of all its devices together; 0 when one is not listed. */
  private static double price(double given, List<String> deviceTypes) {
    if (given > 0) {
      return given;
    }
    DevicePrices listed = DevicePrices.builtIn();
    List<Double> prices =
        deviceTypes.stream()
            .flatMap(t -> listed.of(t).stream())
            .map(DevicePrices.Price::usdPerHour)
            .toList();
    return prices.size() < deviceTypes.size()
        ? 0
        : prices.stream().mapToDouble(Double::doubleValue).sum();
  }

  /**
   * The same worker on another of the machine's devices, as one of several in a process.
   *
   * @param device {@code cpu} or {@code cuda:N}
   */
  WorkerConfig on(String device) {
    return with(engine.on(device), identity.workerId() + "-" + device.replace(':', '-'));
  }

  /** The same with another engine; names and price that come from the device type follow it. */
  WorkerConfig withEngine(EngineConfig other) {
    return with(other, identity.workerId());
  }

  private WorkerConfig with(EngineConfig other, String workerId) {
    boolean usualType = identity.deviceType().equals(engine.deviceType());
    boolean usualLane = identity.lane().equals(identity.deviceType());
    List<String> types = usualType ? engine.memberTypes() : List.of(identity.deviceType());
    boolean usualPrice = identity.usdPerHour() == price(0, types);
    String type = usualType ? other.deviceType() : identity.deviceType();
    List<String> otherTypes = usualType ? other.memberTypes() : List.of(type);
    Identity own =
        new Identity(
            workerId,
            type,
            usualLane ? type : identity.lane(),
            usualPrice ? price(0, otherTypes) : identity.usdPerHour());
    return new WorkerConfig(
        own,
        kind,
        other,
        generation,
        upstream,
        laneIntake,
        intake,
        batch,
        retry,
        limits,
        prepareThreads,
        deliverThreads,
        sharedVectors,
        heartbeatInterval,
        warmUp,
        stuckAfter,
        streamInterval,
        drainTimeout);
  }

  private static BodyLimits limits(Settings s) {
    BodyLimits usual = BodyLimits.DEFAULT;
    return new BodyLimits(
        s.integer("worker.limits.rows", usual.maxRows(), 1, 100_000, "Most texts in one request."),
        s.integer(
            "worker.limits.text-chars",
            usual.maxTextChars(),
            1,
            100_000_000,
            "Longest text of a request, in characters."),
        s.integer(
            "worker.limits.labels", usual.maxLabels(), 2, 4096, "Most labels of one request."));
  }
}
