package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.redis.DeliveryStore;
import dev.headrace.transport.testing.FakeConsumer;
import dev.headrace.transport.testing.TwoStores;
import dev.headrace.worker.batch.BatchConfig;
import dev.headrace.worker.device.DeviceAgent;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.device.LoadCall;
import dev.headrace.worker.device.LoaderAgent;
import dev.headrace.worker.device.Loading;
import dev.headrace.worker.device.OneShotEngine;
import dev.headrace.worker.device.Pulse;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.failure.RetryConfig;
import dev.headrace.worker.mailbox.Mailbox;
import dev.headrace.worker.prepare.PrepareAgent;
import dev.headrace.worker.prepare.PrepareCall;
import dev.headrace.worker.task.TaskReader;
import dev.headrace.worker.testing.FakeRunner;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;

/** A worker whose threads are this one: the test says who moves. */
final class TestWorker {
  final Cluster cluster;
  final FakeRunner runner;
  final FakeConsumer consumer;
  final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  final HealthBoard health;
  final WorkerLoop loop;
  private final Mailbox<Runnable> toLoop = new Mailbox<>(1024);
  private final Mailbox<DeviceBatch> toDevice = new Mailbox<>(64);
  private final Mailbox<RowDrop> drops = new Mailbox<>(64);
  private final Mailbox<LoadCall> toLoader = new Mailbox<>(4);
  private final Mailbox<PrepareCall> toPrepare = new Mailbox<>(64);
  private final Mailbox<List<DeliveryCall>> toDelivery = new Mailbox<>(64);
  private final DeviceAgent device;

  /** Of the device's thread; a test enters it for a device that does not come back. */
  final Pulse pulse = new Pulse();

  /** Of the preparing thread. */
  final Pulse preparing = new Pulse();

  private final PrepareAgent prepare;
  private final List<DeliveryAgent> deliveries;
  private final WorkerMetrics meters;
  private final LoaderAgent loader;

  static final IntakeConfig INTAKE = new IntakeConfig(100, 1 << 20, Duration.ofSeconds(5));

  TestWorker(Cluster cluster, String id, FakeRunner runner) {
    this(cluster, id, runner, null, INTAKE);
  }

  /** A worker with any engine. */
  TestWorker(Cluster cluster, String id, EngineFactory engine) {
    this(cluster, id, new FakeRunner(), null, INTAKE, engine);
  }

  TestWorker(
      Cluster cluster, String id, FakeRunner runner, FakeConsumer crashed, IntakeConfig intake) {
    this(cluster, id, runner, crashed, intake, () -> new OneShotEngine(runner, cluster::nanos));
  }

  /** A worker with any engine that takes so much. */
  TestWorker(Cluster cluster, String id, IntakeConfig intake, EngineFactory engine) {
    this(cluster, id, new FakeRunner(), null, intake, engine);
  }

  private TestWorker(
      Cluster cluster,
      String id,
      FakeRunner runner,
      FakeConsumer crashed,
      IntakeConfig intake,
      EngineFactory engine) {
    this.cluster = cluster;
    this.runner = runner;
    SlotWatch slots = new SlotWatch();
    this.consumer =
        crashed == null ? new FakeConsumer(cluster.topics, slots, 50) : crashed.crash(slots);
    this.health = new HealthBoard(WorkerHealth.starting(cluster.now()));
    this.meters = new WorkerMetrics(metrics, "type", id, health::latest);
    this.loop = new WorkerLoop("worker-loop", config(id, intake), links(id, slots));
    PrepareAgent.Tools tools =
        new PrepareAgent.Tools(new TaskReader(BodyLimits.DEFAULT), cluster.outcomes::blob, 100);
    this.prepare =
        PrepareAgent.team(
                "prepare",
                List.of(preparing),
                toPrepare,
                toLoop,
                loop.prepareListener(),
                tools,
                cluster::nanos)
            .get(0);
    this.deliveries = List.of(deliveryAgent(), deliveryAgent());
    this.loader =
        new LoaderAgent(
            "loader", toLoader, toLoop, loop.loadListener(), new Loading(), cluster::nanos);
    this.device =
        new DeviceAgent(
            "engine",
            engine,
            new DeviceAgent.Boxes(toDevice, drops, toLoop),
            loop.deviceListener(),
            pulse,
            new Loading(),
            cluster::nanos);
  }

  private DeliveryAgent deliveryAgent() {
    DeliveryStore store = new TwoStores(cluster.outcomes, cluster.cache);
    return new DeliveryAgent(
        "deliver",
        new Delivery(store, cluster.producer, cluster.delivery, cluster::nanos),
        meters,
        new DeliveryAgent.Boxes(toDelivery, toLoop),
        loop.deliveryListener());
  }

  private static LoopConfig config(String id, IntakeConfig intake) {
    return new LoopConfig(
        new Identity(id, "type", Cluster.LANE, 3.6),
        intake,
        new BatchConfig(
            8, 1000, Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMillis(20)),
        new RetryConfig(4),
        Duration.ofSeconds(1),
        Duration.ZERO,
        Duration.ofMillis(200),
        Duration.ofMillis(200),
        Duration.ofSeconds(60),
        1);
  }

  private LoopLinks links(String id, SlotWatch slots) {
    return new LoopLinks(
        consumer,
        slots,
        "group",
        cluster.outcomes,
        cluster.registry,
        cluster.ledger,
        cluster.chunks,
        toLoop,
        toDevice,
        drops,
        new HangWatch.Pulses(pulse, List.of(preparing)),
        toLoader,
        toPrepare,
        toDelivery,
        meters,
        health,
        cluster::nanos,
        cluster.clock());
  }

  /** Opens the device and will be given the lane. */
  TestWorker opened() {
    consumer.assign(new Slot(Cluster.WORK, 0), new Slot(Cluster.WORK, 1));
    openDevice();
    return this;
  }

  /** Opens the device; the loop will take work when it is given slots. */
  void openDevice() {
    device.doWork();
  }

  /** Opens the device, takes the lane, and does what is there. */
  TestWorker started() {
    opened();
    run();
    return this;
  }

  /** One step of each delivering thread and one turn of the loop; how much moved. */
  int turn() {
    return stepDelivery(0) + stepDelivery(1) + loop.turn();
  }

  /** One step of this delivering thread; how much moved. */
  int stepDelivery(int number) {
    return deliveries.get(number).step(0);
  }

  /** The preparing thread takes bodies and does not come back from that of this request. */
  void hangPreparing(String id) {
    for (int turns = 0; toPrepare.isEmpty(); turns++) {
      assertThat(turns).as("turns until there are bodies").isLessThan(10_000);
      turn();
      cluster.advance(Duration.ofMillis(1));
    }
    ((PrepareCall.Bodies) toPrepare.poll(0))
        .items().stream()
            .filter(item -> item.request().id().equals(id))
            .forEach(item -> preparing.enter(item.job()));
  }

  /** One call of the preparing thread, if there is one. */
  boolean stepPrepare() {
    if (toPrepare.isEmpty()) {
      return false;
    }
    prepare.doWork();
    return true;
  }

  /** One call of the loader's thread, if there is one. */
  boolean stepLoader() {
    if (toLoader.isEmpty()) {
      return false;
    }
    loader.doWork();
    return true;
  }

  /** One batch of the device's thread, if there is one. */
  boolean stepDevice() {
    if (toDevice.isEmpty()) {
      return false;
    }
    device.doWork();
    return true;
  }

  /** One step of the device's thread. */
  void stepEngine() {
    if (!device.drained()) {
      device.doWork();
    }
  }

  /** One round of all threads, one step of the device; a millisecond passes. */
  void round() {
    turn();
    stepPrepare();
    stepEngine();
    turn();
    cluster.advance(Duration.ofMillis(1));
  }

  /** Goes on until the device has a batch, which does not run. */
  void untilBatch() {
    for (int turns = 0; toDevice.isEmpty(); turns++) {
      assertThat(turns).as("turns until the device has a batch").isLessThan(10_000);
      turn();
      stepPrepare();
      cluster.advance(Duration.ofMillis(1));
    }
  }

  /** Lets all move until nothing does any more. */
  void run() {
    int still = 0;
    for (int turns = 0; still < 3; turns++) {
      assertThat(turns).as("turns until all is still").isLessThan(100_000);
      boolean moved = turn() > 0;
      moved |= stepPrepare();
      moved |= stepDevice();
      still = moved ? 0 : still + 1;
      // Still for longer than the loop ever pauses between polls.
      cluster.advance(Duration.ofMillis(moved ? 1 : 25));
    }
  }

  double count(String meter, String... tags) {
    var counters = metrics.find("headrace.worker." + meter).tags(tags).counters();
    return counters.stream().mapToDouble(c -> c.count()).sum();
  }

  void close() {
    loop.close(Duration.ofSeconds(1));
    deliveries.forEach(one -> one.close(Duration.ofSeconds(1)));
    prepare.close(Duration.ofSeconds(1));
    device.close(Duration.ofSeconds(1));
  }
}
