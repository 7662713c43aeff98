package dev.headrace.router.loop;

import dev.headrace.protocol.FailureException;
import dev.headrace.router.buffer.TierBuffer;
import dev.headrace.router.metrics.RouterMetrics;
import dev.headrace.router.scaling.Demand;
import dev.headrace.router.state.RouterState;
import dev.headrace.router.tenant.Tenants;
import dev.headrace.transport.agent.Agent;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.kafka.EventConsumer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes requests from the tier and retry topics and gives each to a lane, or its outcome. One
 * thread owns everything in here.
 *
 * <p>A record is acknowledged only when it is in a work topic, in a retry topic, or has its
 * outcome; all else is forgotten when the process ends, and is read again.
 */
public final class RouterLoop implements Agent {
  private static final Logger LOG = LoggerFactory.getLogger(RouterLoop.class);

  /** Wait for records when nothing else can happen but a refresh (chosen). */
  private static final Duration IDLE = Duration.ofMillis(100);

  /** Wait for records while something else is under way (chosen). */
  private static final Duration BUSY = Duration.ofMillis(5);

  /** Wait after the broker did not answer. */
  private static final long BROKER_PAUSE_NANOS = 50_000_000;

  /** What is not committed is read twice after a crash, at little harm (chosen). */
  private static final long COMMIT_NANOS = 200_000_000;

  private static final long OBSERVE_NANOS = 100_000_000;

  private final EventConsumer consumer;
  private final Rebalances rebalances;
  private final Delivery delivery;
  private final RouterState state;
  private final RouterMetrics metrics;
  private final LongSupplier nanos;
  private final InstantSource clock;
  private final TierBuffer<Entry> buffer;
  private final Intake intake;
  private final Exits exits;
  private final Holding holding;
  private final Admission admission;
  private final Dispatcher dispatcher;

  private long commitAt;
  private long observeAt;
  private boolean brokerDown;
  private boolean draining;
  private volatile Demand demand = Demand.NONE;
  private volatile RouterHealth health = RouterHealth.of(List.of("starting"));

  public RouterLoop(Parts parts) {
    this.consumer = parts.consumer();
    this.rebalances = parts.rebalances();
    this.delivery = parts.delivery();
    this.state = parts.state();
    this.metrics = parts.metrics();
    this.nanos = parts.nanos();
    this.clock = parts.clock();
    Tenants tenants = new Tenants(parts.tenants(), nanos, state::routers);
    this.buffer = new TierBuffer<>(parts.shares(), tenants);
    this.intake = new Intake(consumer, parts.config());
    rebalances.onAssigned(intake::assigned);
    this.exits = new Exits(parts, intake, buffer);
    this.holding = new Holding(parts, exits);
    this.admission = new Admission(parts, intake, exits, holding, buffer, tenants);
    this.dispatcher = new Dispatcher(parts, exits, holding, buffer, tenants);
    this.commitAt = nanos.getAsLong();
    this.observeAt = nanos.getAsLong();
  }

  @Override
  public String name() {
    return "router-loop";
  }

  @Override
  public void doWork() {
    runOnce();
  }

  /**
   * One turn:
   *
   * <ol>
   *   <li>take the view of fleet and lanes that was read meanwhile, ask for the next
   *   <li>poll; what was revoked is dropped, what cannot be read or is expired leaves
   *   <li>deliver: acknowledge what Kafka has confirmed, so that its slots may go on
   *   <li>admit: look for outcomes and cached results, in batches
   *   <li>hold what nobody can run; release or end what was held
   *   <li>dispatch: the policy decides about the buffer in order
   *   <li>deliver: send what was decided
   *   <li>pause or resume slots; commit now and then
   * </ol>
   */
  public void runOnce() {
    state.taken(intake.taken());
    state.refresh();
    poll();
    delivery.runOnce();
    if (!draining) {
      admission.step();
      holding.step(admission::admit);
      dispatcher.step();
    }
    delivery.runOnce();
    finishTurn();
  }

  private void poll() {
    try {
      intake.poll(patience(), clock.millis(), admission::take);
      brokerDown = false;
    } catch (FailureException e) {
      if (!brokerDown) {
        LOG.warn("broker does not answer cause={}", e.getMessage());
      }
      brokerDown = true;
      LockSupport.parkNanos(BROKER_PAUSE_NANOS);
    }
    if (rebalances.takeRevoked()) {
      state.rebalanced();
      intake.dropRevoked();
      drop(e -> !consumer.owns(e.received()));
    }
  }

  /** How long to wait for records. */
  private Duration patience() {
    if (delivery.pending() > 0 || admission.waiting() > 0) {
      return BUSY;
    }
    Duration patience = IDLE;
    if (buffer.size() > 0) {
      patience = Duration.ofNanos(Math.min(IDLE.toNanos(), dispatcher.untilNextScan()));
    }
    Long due = intake.nextDueMs();
    if (due == null) {
      return patience;
    }
    long ms = Math.max(0, Math.min(due - clock.millis(), patience.toMillis()));
    return Duration.ofMillis(ms);
  }

  private void finishTurn() {
    intake.balance();
    long now = nanos.getAsLong();
    if (now - commitAt >= 0) {
      consumer.commit();
      commitAt = now + COMMIT_NANOS;
    }
    if (now - observeAt >= 0) {
      observe();
      observeAt = now + OBSERVE_NANOS;
    }
  }

  private void observe() {
    List<String> reasons = new ArrayList<>(state.problems());
    if (brokerDown) {
      reasons.add("broker does not answer");
    }
    if (delivery.storeDown()) {
      reasons.add("store does not answer");
    }
    health = RouterHealth.of(reasons);
    metrics.brokerUp(!brokerDown);
    metrics.storeUp(!delivery.storeDown() && state.storeAnswers());
    metrics.inFlight(intake.inFlight(), holding.size());
    demand = dispatcher.observe();
  }

  /** Forgets what matches, wherever it waits; what is being delivered goes on. */
  private void drop(Predicate<Entry> gone) {
    admission.dropIf(gone);
    holding.dropIf(gone);
    buffer.takeIf(gone, exits::forget);
  }

  /** What each lane has to do; on any thread. */
  public Demand demand() {
    return demand;
  }

  /** How the router is; on any thread. */
  public RouterHealth health() {
    return health;
  }

  /** Requests that were taken and are not done. */
  int inFlight() {
    return intake.inFlight();
  }

  /** Stops taking; what waits is left to Kafka, what is being delivered is finished. */
  @Override
  public void drain() {
    draining = true;
    intake.drain();
    drop(e -> true);
  }

  @Override
  public boolean drained() {
    return draining && delivery.pending() == 0;
  }

  @Override
  public void close(Duration timeout) {
    consumer.close(timeout);
  }
}
