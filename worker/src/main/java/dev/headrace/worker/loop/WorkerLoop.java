package dev.headrace.worker.loop;

import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.agent.Agent;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Received;
import dev.headrace.worker.batch.Batcher;
import dev.headrace.worker.device.DeviceListener;
import dev.headrace.worker.device.LoadListener;
import dev.headrace.worker.failure.FailedRecords;
import dev.headrace.worker.failure.RetryPolicy;
import dev.headrace.worker.heartbeat.ModelMeters;
import dev.headrace.worker.prepare.PrepareListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker: one thread that owns everything but the device, the bodies and the delivery. It never
 * waits for them: their threads post calls into its mailbox, and it posts work into theirs.
 *
 * <p>All effects of a record go through the delivering thread; it is acknowledged when they are
 * safe. So a worker may die anywhere: what is not acknowledged comes again, and finds the outcome
 * that stands or is done over.
 */
public final class WorkerLoop implements Agent {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerLoop.class);

  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long HEALTH_EVERY = 100 * MILLI;

  /** Between two looks for cancellations of what takes long (chosen). */
  private static final long CANCEL_EVERY = 500 * MILLI;

  /** Longest wait in Kafka's poll, when there is nothing else to wait for. */
  private static final long IDLE = 100 * MILLI;

  private final String name;
  private final LoopConfig config;
  private final LoopLinks links;
  private final EventConsumer consumer;
  private final DeliveryDesk delivery;
  private final LongSupplier nanos;

  private final InFlight inFlight = new InFlight();
  private final ModelMeters meters = new ModelMeters();
  private final AtomicLong numbers = new AtomicLong();
  private final StoreGate gate;
  private final CrashWatch crashes;
  private final Dispatcher dispatcher;
  private final PrepareDesk desk;
  private final Intake intake;
  private final ModelDesk models;
  private final JobFlow flow;
  private final Room room;
  private final Valve valve;
  private final Poller poller;
  private final Claim claim;
  private final Heartbeat heartbeat;
  private final DeviceDesk device;
  private final HangWatch hangs;

  private WorkerState state = WorkerState.LOADING;
  private double utilisation;
  private long healthAt;

  /** Wires the loop's own parts; nothing is called yet. */
  public WorkerLoop(String name, LoopConfig config, LoopLinks links) {
    this.name = name;
    this.config = config;
    this.links = links;
    this.consumer = links.consumer();
    this.delivery = new DeliveryDesk(links.delivery());
    this.nanos = links.nanos();
    long now = nanos.getAsLong();
    Identity self = config.identity();
    this.gate = new StoreGate(config.storePause().toNanos(), nanos);
    this.crashes = new CrashWatch(links.ledger(), gate, self.workerId());
    Batcher batcher = new Batcher(config.batch(), meters);
    this.dispatcher =
        new Dispatcher(batcher, meters, links.device(), links.drops(), crashes, links.metrics());
    Endings endings = endings(self);
    this.desk = new PrepareDesk(links.prepare(), config.prepareThreads());
    this.models = new ModelDesk(links.loader(), endings, nanos);
    Turns turns = new Turns();
    this.room = new Room(config.intake(), models, desk, dispatcher, turns);
    Intake.Parts parts =
        new Intake.Parts(
            inFlight, links.outcomes(), gate, crashes, endings, desk, models, meters, turns, room);
    this.intake = new Intake(parts, links.clock(), nanos, numbers::getAndIncrement);
    models.whenLoaded(intake::again);
    models.whenChanged(dispatcher::serve);
    this.flow =
        new JobFlow(
            new JobFlow.Stations(
                inFlight,
                intake,
                desk,
                dispatcher,
                endings,
                crashes,
                models,
                streams(now),
                cancels(now)),
            nanos,
            numbers::getAndIncrement);
    dispatcher.whenOutOfMemory(() -> models.relieve(flow::inUse));
    models.whenUnloaded(dispatcher::memoryFreed);
    this.valve = new Valve(consumer, config.intake(), turns);
    links.slots().whenAssigned(valve::slotsCame);
    this.poller = new Poller(consumer, valve, nanos);
    this.claim = new Claim(links.registry(), gate, self, links.group(), UniqueName.next());
    this.heartbeat =
        new Heartbeat(claim, self, links.group(), config.heartbeatInterval().toNanos(), now);
    this.device =
        new DeviceDesk(
            new DeviceDesk.Parts(
                dispatcher, models, flow, meters, heartbeat, links.metrics(), config.warmUp()),
            nanos,
            numbers::getAndIncrement);
    this.hangs =
        new HangWatch(links.pulses(), config.stuckAfter(), dispatcher, inFlight, crashes, now);
    this.healthAt = now;
  }

  /** A worker with a fixed id has another epoch after a restart. */
  private Streams streams(long now) {
    String epoch = config.identity().workerId() + "@" + links.clock().millis();
    return new Streams(links.chunks(), gate, epoch, config.streamInterval().toNanos(), now);
  }

  private CancelWatch cancels(long now) {
    return new CancelWatch(links.outcomes(), gate, CANCEL_EVERY, now);
  }

  private Endings endings(Identity self) {
    Endings.Parts parts =
        new Endings.Parts(
            consumer,
            delivery,
            inFlight,
            crashes,
            new RetryPolicy(config.retry(), self.deviceType()),
            new FailedRecords(links.group(), self.deviceType()),
            links.metrics());
    return new Endings(self, parts, links.clock(), nanos);
  }

  @Override
  public String name() {
    return name;
  }

  /** What the device's thread calls, through the mailbox. */
  public DeviceListener deviceListener() {
    return device;
  }

  /** What the loader's thread calls, through the mailbox. */
  public LoadListener loadListener() {
    return models;
  }

  /** What the preparing thread calls, through the mailbox. */
  public PrepareListener prepareListener() {
    return flow;
  }

  /** What the delivering thread calls, through the mailbox. */
  public DeliveryListener deliveryListener() {
    return delivery;
  }

  /** One turn; if nothing moved, waits for whatever comes first. */
  @Override
  public void doWork() {
    if (turn() == 0) {
      nap();
    }
  }

  /**
   * One turn:
   *
   * <ol>
   *   <li>run what the other threads posted: rows that are finished, bodies and responses,
   *       acknowledgements of what is safe;
   *   <li>read the crash ledger, see whether the other threads still come back;
   *   <li>let jobs through, hand over bodies, form batches and give them to the device; hand over
   *       outcomes, retries and dead letters;
   *   <li>poll, or only keep the membership when there is enough;
   *   <li>commit, send the heartbeat.
   * </ol>
   *
   * @return how much moved
   */
  int turn() {
    int moved = drainMailbox();
    long now = nanos.getAsLong();
    if (claim.held()) {
      crashes.runOnce(now); // whose marks are under its id is known
    }
    if (hangs.look(now)) {
      heartbeat.soon(now);
    }
    if (state == WorkerState.LOADING) {
      warmUp(now);
    }
    moved += flow.runOnce(now);
    moved += delivery.flush();
    if (state != WorkerState.LOADING) {
      moved += poll(now, moved == 0);
    }
    report();
    return moved;
  }

  private int drainMailbox() {
    int ran = 0;
    for (int limit = links.mailbox().size(); ran < limit; ran++) {
      Runnable call = links.mailbox().poll(0);
      if (call == null) {
        break;
      }
      call.run();
    }
    return ran;
  }

  private void warmUp(long now) {
    if (device.warmedUp(now)) {
      LOG.info("ready worker={} models={}", config.identity().workerId(), models.names());
      IntakeAdvice.of(
              config.identity().lane(), links.group(), config.batch().maxRows(), models.served())
          .ifPresent(LOG::warn);
      become(WorkerState.READY);
    }
  }

  private void become(WorkerState next) {
    state = next;
    heartbeat.soon(nanos.getAsLong());
    healthAt = nanos.getAsLong();
  }

  /** Waits in Kafka only if no other thread has anything of ours. */
  private int poll(long now, boolean nothingMoved) {
    boolean away = gate.down() || delivery.storeDown() || !there() || hangs.stalled();
    if (valve.set(inFlight, away, room::hungry)) {
      poller.soon();
    } else if (!poller.due(now)) {
      return 0;
    }
    consumer.keep(!hangs.stalled());
    boolean waits = nothingMoved && inFlight.count() == 0;
    long wait = waits ? Math.min(IDLE, heartbeat.untilDue(now)) : 0;
    List<Received> records = poller.poll(wait, spareNanos(now));
    followSlots();
    intake.take(records);
    return records.size();
  }

  /**
   * Predicted work of the device beyond what it should have before it. While it generates, steps of
   * tens of milliseconds follow each other: a loop that turned every millisecond and polled each
   * time would take the engine's cores for nothing.
   */
  private long spareNanos(long now) {
    long spare = (long) (dispatcher.secondsAhead(now) * 1e9) - config.batch().ahead().toNanos();
    return dispatcher.generating().isEmpty() ? spare : Math.max(spare, Poller.BUSY);
  }

  private void followSlots() {
    if (links.slots().went()) {
      flow.dropLost(consumer);
    }
    if (links.slots().came()) {
      crashes.refresh();
    }
  }

  private double queuedSeconds() {
    return dispatcher.queuedSeconds() + desk.seconds();
  }

  private void report() {
    long now = nanos.getAsLong();
    if (heartbeat.untilDue(now) == 0) {
      utilisation = device.utilisation(now);
      Heartbeat.Load load =
          new Heartbeat.Load(
              shown(),
              queuedSeconds() + intake.heldSeconds(),
              dispatcher.secondsAhead(now),
              device.memoryFreeBytes(),
              device.memoryUnusedBytes(),
              utilisation);
      heartbeat.send(load, models.reports(meters), now, links.clock().instant());
    }
    if (now - healthAt >= 0) {
      healthAt = now + HEALTH_EVERY;
      links.health().write(health(now));
    }
  }

  private boolean there() {
    return device.there() && claim.held();
  }

  /** A worker that may not work, or has no device, takes no work, as one that loads its models. */
  private WorkerState shown() {
    if (hangs.stalled()) {
      return WorkerState.STALLED;
    }
    return state == WorkerState.READY && !there() ? WorkerState.LOADING : state;
  }

  private WorkerHealth health(long now) {
    return new WorkerHealth(
        shown(),
        links.clock().instant(),
        !gate.down() && !delivery.storeDown(),
        poller.brokerUp(),
        inFlight.count(),
        queuedSeconds(),
        dispatcher.secondsAhead(now),
        utilisation,
        device.memoryFreeBytes(),
        device.memoryUnusedBytes(),
        models.modelBytes());
  }

  /**
   * Others may post at any time; a full device needs its next batch only shortly before its end.
   */
  private void nap() {
    boolean waiting = state == WorkerState.LOADING || inFlight.count() > 0;
    if (!waiting && !valve.closed()) {
      return; // the next turn waits in Kafka
    }
    long spare = spareNanos(nanos.getAsLong());
    long wait = Math.max(MILLI, Math.min(Poller.pause(spare), spare));
    Runnable call = links.mailbox().poll(wait);
    if (call != null) {
      call.run();
    }
  }

  @Override
  public void drain() {
    LOG.info("draining worker={} inFlight={}", config.identity().workerId(), inFlight.count());
    valve.shut();
    flow.drain();
    become(WorkerState.DRAINING);
  }

  @Override
  public boolean drained() {
    return inFlight.count() == 0 && delivery.pending() == 0;
  }

  /** Gives back what is not acknowledged: it stays with Kafka, and goes to others. */
  @Override
  public void close(Duration timeout) {
    links.mailbox().close();
    if (inFlight.count() > 0) {
      LOG.warn("handing back records count={}", inFlight.count());
      dispatcher.stop();
    }
    if (claim.held()) {
      crashes.close(device.lost() || hangs.stuck());
    }
    try {
      consumer.close(timeout); // what it did is committed before a router sees that it is gone
    } finally {
      heartbeat.remove();
    }
    links.health().write(health(nanos.getAsLong()));
  }
}
