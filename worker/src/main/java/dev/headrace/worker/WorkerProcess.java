package dev.headrace.worker;

import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.delivery.DeliveryConfig;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.KafkaEventProducer;
import dev.headrace.transport.kafka.TopicAdmin;
import dev.headrace.transport.redis.RedisConfig;
import dev.headrace.transport.redis.RedisStores;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.encode.AutoPrecision;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.loop.EarlyLook;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.upstream.UpstreamEngine;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** A worker with connections of its own. */
public final class WorkerProcess implements AutoCloseable {
  private static final Duration FLUSH = Duration.ofSeconds(5);
  private static final Pattern DEVICE = Pattern.compile("cpu|cuda:\\d{1,2}");

  private final String deviceType;
  private final WorkerApp app;
  private final RedisStores stores;
  private final KafkaEventProducer producer;

  private WorkerProcess(
      String deviceType, WorkerApp app, RedisStores stores, KafkaEventProducer producer) {
    this.deviceType = deviceType;
    this.app = app;
    this.stores = stores;
    this.producer = producer;
  }

  /** Reads the settings of a worker; what is wrong is noted in them. */
  public static Plan plan(Settings settings) {
    return new Plan(
        WorkerConfig.read(settings),
        KafkaConfig.read(settings),
        RedisConfig.read(settings),
        DeliveryConfig.read(settings));
  }

  /**
   * One worker for each device that {@code worker.devices} names; without it, one on {@code
   * worker.device}. Each has an engine thread and models of its own.
   */
  public static List<Plan> plans(Settings settings) {
    List<String> devices =
        settings.list(
            "worker.devices",
            List.of(),
            "Devices of this machine to run a worker on each of, in one process: cpu, cuda:N, or"
                + " all for every GPU (the CPU where there is none); when empty worker.device.");
    Plan one = plan(settings);
    List<String> found = new ArrayList<>();
    for (String device : devices) {
      if (device.equals("all")) {
        found.addAll(DeviceInventory.gpus());
      } else if (DEVICE.matcher(device).matches()) {
        found.add(device);
      } else {
        settings.problem("worker.devices", device, "all, cpu or cuda:N", "settings");
      }
    }
    if (found.isEmpty()) {
      return List.of(devices.contains("all") ? one.on("cpu") : one);
    }
    return found.stream().distinct().map(one::on).toList();
  }

  /** The settings of a worker. */
  public record Plan(
      WorkerConfig worker, KafkaConfig kafka, RedisConfig redis, DeliveryConfig delivery) {

    private Plan on(String device) {
      return new Plan(worker.on(device), kafka, redis, delivery);
    }

    /**
     * Connects and starts a worker with the engine that its settings name. If the precision is to
     * be chosen, that comes first: the device type and the lane are named after it.
     *
     * @throws dev.headrace.protocol.FailureException when another living worker has its id; nothing
     *     was loaded then
     */
    public WorkerProcess start(MeterRegistry registry) {
      try (RedisStores stores = RedisStores.connect(redis)) {
        new EarlyLook(stores.deviceRegistry())
            .requireFree(worker.identity().workerId(), worker.heartbeatInterval());
      }
      Plan plan = worker.kind() == EngineKind.TORCH ? resolved() : this;
      return plan.start(plan.engine(), registry);
    }

    private Plan resolved() {
      try {
        EngineConfig engine =
            AutoPrecision.resolve(worker.engine(), ModelCatalog.builtIn(), System::nanoTime);
        return new Plan(worker.withEngine(engine), kafka, redis, delivery);
      } catch (IOException e) {
        throw new UncheckedIOException("worker.precision: auto: " + e.getMessage(), e);
      }
    }

    private EngineFactory engine() {
      return switch (worker.kind()) {
        case TORCH ->
            WorkerEngine.factory(
                worker.engine(), worker.generation(), ModelCatalog.builtIn(), System::nanoTime);
        case OPENAI_UPSTREAM -> UpstreamEngine.factory(worker.upstream(), System::nanoTime);
      };
    }

    /** Connects and starts a worker that runs this engine. */
    public WorkerProcess start(EngineFactory engine, MeterRegistry registry) {
      try (TopicAdmin admin = new TopicAdmin(kafka)) {
        String lane = worker.identity().lane();
        admin.ensure(List.of(Topics.work(lane), Topics.OUTCOMES));
        admin.prepare(lane, worker.laneIntake());
      }
      RedisStores stores = RedisStores.connect(redis);
      KafkaEventProducer producer =
          new KafkaEventProducer(kafka, "headrace-worker-" + worker.identity().workerId());
      WorkerLinks links = WorkerLinks.of(kafka, worker, producer, stores, delivery);
      WorkerApp app = new WorkerApp(worker, engine, links, registry);
      app.start();
      return new WorkerProcess(worker.identity().deviceType(), app, stores, producer);
    }
  }

  /** The type of its device. */
  public String deviceType() {
    return deviceType;
  }

  /** The worker. */
  public WorkerApp app() {
    return app;
  }

  @Override
  public void close() {
    app.close();
    producer.close(FLUSH);
    stores.close();
  }
}
