package dev.headrace.worker;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.agent.AgentRunner;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.worker.device.DeviceAgent;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.device.LoadCall;
import dev.headrace.worker.device.LoaderAgent;
import dev.headrace.worker.device.Loading;
import dev.headrace.worker.device.Pulse;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.loop.DeliveryAgent;
import dev.headrace.worker.loop.DeliveryCall;
import dev.headrace.worker.loop.HangWatch;
import dev.headrace.worker.loop.HealthBoard;
import dev.headrace.worker.loop.LoopConfig;
import dev.headrace.worker.loop.LoopLinks;
import dev.headrace.worker.loop.SlotWatch;
import dev.headrace.worker.loop.WorkerHealth;
import dev.headrace.worker.loop.WorkerLoop;
import dev.headrace.worker.loop.WorkerMetrics;
import dev.headrace.worker.mailbox.Mailbox;
import dev.headrace.worker.prepare.PrepareAgent;
import dev.headrace.worker.prepare.PrepareCall;
import dev.headrace.worker.task.TaskReader;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker, assembled. Its threads, each named with the worker's device type behind:
 *
 * <ul>
 *   <li>{@code worker-loop}: owns consumer, jobs, batcher and state;
 *   <li>{@code prepare}: reads bodies, tokenises, writes responses; one or several;
 *   <li>{@code deliver}: hands outcomes to Redis and Kafka; one or several;
 *   <li>{@code loader}: loads and unloads models;
 *   <li>{@code engine}: owns the engine.
 * </ul>
 */
public final class WorkerApp implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerApp.class);

  /** Calls that may wait for the loop; it empties its mailbox in every turn (chosen). */
  private static final int LOOP_MAILBOX = 1024;

  /** Batches and calls that may wait for the others; the loop keeps the rest (chosen). */
  private static final int SERVANT_MAILBOX = 64;

  /** For a thread that will not come back: only to try the interrupt. */
  private static final Duration STUCK = Duration.ofSeconds(1);

  /** For what is not delivered when the loop, which would acknowledge it, is gone (chosen). */
  private static final Duration LEFT = Duration.ofSeconds(5);

  private final WorkerConfig config;
  private final HealthBoard health;
  private final AgentRunner loop;
  private final List<AgentRunner> prepare = new ArrayList<>();
  private final List<AgentRunner> delivery = new ArrayList<>();
  private final AgentRunner loader;
  private final AgentRunner device;
  private final HangWatch.Pulses pulses;
  private final Loading loading = new Loading();

  /**
   * Assembles a worker; {@link #start} starts it.
   *
   * @param engine called by the engine's thread
   */
  public WorkerApp(
      WorkerConfig config, EngineFactory engine, WorkerLinks links, MeterRegistry registry) {
    this.config = config;
    this.health = new HealthBoard(WorkerHealth.starting(links.clock().instant()));
    this.pulses =
        new HangWatch.Pulses(
            new Pulse(), Stream.generate(Pulse::new).limit(config.preparing()).toList());
    Mailbox<Runnable> toLoop = new Mailbox<>(LOOP_MAILBOX);
    Mailbox<DeviceBatch> toDevice = new Mailbox<>(SERVANT_MAILBOX);
    Mailbox<RowDrop> drops = new Mailbox<>(LOOP_MAILBOX);
    Mailbox<LoadCall> toLoader = new Mailbox<>(SERVANT_MAILBOX);
    Mailbox<PrepareCall> toPrepare = new Mailbox<>(SERVANT_MAILBOX);
    Mailbox<List<DeliveryCall>> toDelivery = new Mailbox<>(SERVANT_MAILBOX);
    String suffix = "-" + config.identity().deviceType();
    WorkerMetrics metrics =
        new WorkerMetrics(
            registry, config.identity().deviceType(), config.identity().workerId(), health::latest);
    WorkerLoop workerLoop =
        new WorkerLoop(
            "worker-loop" + suffix,
            loopConfig(config, links),
            loopLinks(
                links,
                metrics,
                new Mailboxes(toLoop, toDevice, drops, toLoader, toPrepare, toDelivery)));
    PrepareAgent.Tools tools =
        new PrepareAgent.Tools(
            new TaskReader(config.limits()), links.outcomes()::blob, config.sharedVectors());
    Duration drain = config.drainTimeout();
    this.loop = new AgentRunner(workerLoop, drain);
    for (PrepareAgent agent :
        PrepareAgent.team(
            "prepare" + suffix,
            pulses.preparing(),
            toPrepare,
            toLoop,
            workerLoop.prepareListener(),
            tools,
            links.nanos())) {
      prepare.add(new AgentRunner(agent, drain));
    }
    for (int i = 0; i < config.delivering(); i++) {
      DeliveryAgent agent =
          new DeliveryAgent(
              "deliver" + suffix,
              new Delivery(links.deliveries(), links.producer(), links.delivery(), links.nanos()),
              metrics,
              new DeliveryAgent.Boxes(toDelivery, toLoop),
              workerLoop.deliveryListener());
      delivery.add(new AgentRunner(agent, drain));
    }
    this.loader =
        new AgentRunner(
            new LoaderAgent(
                "loader" + suffix,
                toLoader,
                toLoop,
                workerLoop.loadListener(),
                loading,
                links.nanos()),
            drain);
    this.device =
        new AgentRunner(
            new DeviceAgent(
                "engine" + suffix,
                engine,
                new DeviceAgent.Boxes(toDevice, drops, toLoop),
                workerLoop.deviceListener(),
                pulses.device(),
                loading,
                links.nanos()),
            drain);
  }

  private static LoopConfig loopConfig(WorkerConfig config, WorkerLinks links) {
    return new LoopConfig(
        config.identity(),
        config.intake(),
        config.batch(),
        config.retry(),
        config.heartbeatInterval(),
        config.warmUp(),
        config.streamInterval(),
        links.delivery().retryPause(),
        config.stuckAfter(),
        config.preparing());
  }

  private record Mailboxes(
      Mailbox<Runnable> loop,
      Mailbox<DeviceBatch> device,
      Mailbox<RowDrop> drops,
      Mailbox<LoadCall> loader,
      Mailbox<PrepareCall> prepare,
      Mailbox<List<DeliveryCall>> delivery) {}

  private LoopLinks loopLinks(WorkerLinks links, WorkerMetrics metrics, Mailboxes mailboxes) {
    String lane = config.identity().lane();
    String group = config.laneIntake().group(lane);
    SlotWatch slots = new SlotWatch();
    EventConsumer consumer = links.consumers().create(group, Topics.work(lane), slots);
    return new LoopLinks(
        consumer,
        slots,
        group,
        links.outcomes(),
        links.registry(),
        links.ledger(),
        links.chunks(),
        mailboxes.loop(),
        mailboxes.device(),
        mailboxes.drops(),
        pulses,
        mailboxes.loader(),
        mailboxes.prepare(),
        mailboxes.delivery(),
        metrics,
        health,
        links.nanos(),
        links.clock());
  }

  /** Starts the threads; the worker takes work when its models are loaded. */
  public void start() {
    device.start();
    loader.start();
    prepare.forEach(AgentRunner::start);
    delivery.forEach(AgentRunner::start);
    loop.start();
  }

  /** How it does; any thread may ask. */
  public WorkerHealth health() {
    return health.latest();
  }

  /** The names of its threads; several may share one. */
  public List<String> threads() {
    String suffix = "-" + config.identity().deviceType();
    return Stream.of("worker-loop", "prepare", "deliver", "loader", "engine")
        .map(name -> name + suffix)
        .toList();
  }

  /** What ended it, or null while it runs or when it ended well. */
  public @Nullable Throwable failure() {
    Throwable failure = device.failure();
    for (AgentRunner one : Stream.concat(prepare.stream(), delivery.stream()).toList()) {
      if (failure == null) {
        failure = one.failure();
      }
    }
    if (failure == null) {
      failure = loader.failure();
    }
    return failure == null ? loop.failure() : failure;
  }

  /**
   * Whether the worker ended because one of its threads does not come back, or without waiting
   * longer for a model that is being loaded. No interrupt reaches it in native code: nothing but
   * the end of the process frees what it holds.
   */
  public boolean stuck() {
    return loading.stays() || hangs();
  }

  private boolean hangs() {
    return loop.failure() instanceof FailureException f
        && f.failure().code() == ErrorCode.DEVICE_LOST
        && Stream.concat(Stream.of(pulses.device()), pulses.preparing().stream())
            .anyMatch(p -> Pulse.inside(p.beats()));
  }

  /** Waits for the end; false when the time is over first. */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return loop.awaitEnd(timeout);
  }

  /** Takes no more work, does not wait. */
  public void drain() {
    loop.drain();
  }

  /** Finishes what was begun within the configured time, hands back the rest, stops. */
  @Override
  public void close() {
    close(config.drainTimeout().multipliedBy(2));
  }

  /**
   * Finishes what was begun within half of this time, hands back the rest, stops. Models that are
   * still being loaded are left: at once where an interrupt ends the load, else after that half.
   */
  public void close(Duration timeout) {
    loop.close(timeout);
    loading.leave();
    Duration rest = hangs() ? STUCK : timeout;
    prepare.forEach(AgentRunner::drain);
    prepare.forEach(one -> one.close(rest));
    delivery.forEach(AgentRunner::drain);
    delivery.forEach(one -> one.close(hangs() ? STUCK : LEFT));
    Duration load = timeout.dividedBy(2);
    if (loading.underWay()) {
      LOG.warn(
          "ends while models are loaded, waiting for the one under way worker={} limit={}",
          config.identity().workerId(),
          load);
    }
    loader.close(loading.underWay() ? load : timeout);
    device.close(loading.underWay() ? load : rest);
  }
}
