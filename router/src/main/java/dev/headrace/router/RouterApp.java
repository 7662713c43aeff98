package dev.headrace.router;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.router.loop.Parts;
import dev.headrace.router.loop.Rebalances;
import dev.headrace.router.loop.RouterHealth;
import dev.headrace.router.loop.RouterLoop;
import dev.headrace.router.metrics.RescueMetrics;
import dev.headrace.router.metrics.RouterMetrics;
import dev.headrace.router.rescue.KafkaLaneGroups;
import dev.headrace.router.rescue.LaneRescue;
import dev.headrace.router.scaling.Demand;
import dev.headrace.router.state.KafkaLaneTopics;
import dev.headrace.router.state.RouterState;
import dev.headrace.router.state.Watch;
import dev.headrace.transport.agent.AgentRunner;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.kafka.GroupConsumer;
import dev.headrace.transport.kafka.KafkaEventProducer;
import dev.headrace.transport.kafka.TopicAdmin;
import dev.headrace.transport.redis.RedisStores;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One router: everything that lives as long as it is made here. Its threads:
 *
 * <ul>
 *   <li>{@code router-loop}: consumer, buffer, policy, delivery; see {@link RouterLoop}
 *   <li>{@code router-watch}: reads heartbeats and lag
 *   <li>{@code router-rescue}: moves what lies in lanes without workers; see {@link LaneRescue}
 *   <li>those of the Kafka clients (producer's sender, consumer's heartbeat, admin)
 * </ul>
 */
public final class RouterApp implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RouterApp.class);

  /** Close without a limit of its own (chosen: acknowledgements take seconds at most). */
  private static final Duration CLOSE = Duration.ofSeconds(10);

  private final RouterConfig config;
  private final MeterRegistry registry;
  private @Nullable Running running;
  private boolean closed;

  /** What a started router consists of. */
  private record Running(
      TopicAdmin admin,
      RedisStores stores,
      KafkaEventProducer producer,
      ExecutorService watchThread,
      RouterLoop loop,
      AgentRunner runner,
      AgentRunner rescue,
      String routerId) {}

  /**
   * A router that is not started.
   *
   * @param registry takes the meters
   */
  public RouterApp(RouterConfig config, MeterRegistry registry) {
    this.config = config;
    this.registry = registry;
  }

  /**
   * Creates the topics that are missing, and starts.
   *
   * @throws dev.headrace.protocol.FailureException when Kafka does not answer
   */
  public synchronized void start() {
    if (running != null || closed) {
      throw new IllegalStateException("router was started before (expected: once)");
    }
    TopicAdmin admin = new TopicAdmin(config.kafka());
    try {
      List<String> topics = new ArrayList<>(Topics.routerInput());
      topics.add(Topics.OUTCOMES);
      topics.add(Topics.DEAD_LETTERS);
      admin.ensure(topics);
      running = assemble(admin);
    } catch (RuntimeException e) {
      admin.close();
      throw e;
    }
    running.runner().start();
    running.rescue().start();
    LOG.info("router started name={}", config.loop().name());
  }

  private Running assemble(TopicAdmin admin) {
    String routerId = config.loop().name() + "-" + UUID.randomUUID();
    LongSupplier nanos = System::nanoTime;
    InstantSource clock = InstantSource.system();
    RedisStores stores = RedisStores.connect(config.redis());
    KafkaEventProducer producer =
        new KafkaEventProducer(config.kafka(), "headrace-router-" + config.loop().name());
    Rebalances rebalances = new Rebalances();
    GroupConsumer consumer =
        new GroupConsumer(config.kafka(), Topics.ROUTER_GROUP, Topics.routerInput(), rebalances);
    ExecutorService watchThread =
        Executors.newSingleThreadExecutor(task -> new Thread(task, "router-watch"));
    Watch watch =
        new Watch(
            stores.deviceRegistry(),
            stores.routerRegistry(),
            new KafkaLaneTopics(admin),
            watchThread);
    RouterLoop loop =
        new RouterLoop(
            new Parts(
                config.loop(),
                config.shares(),
                config.tenants(),
                consumer,
                rebalances,
                new Delivery(stores.deliveryStore(), producer, config.delivery(), nanos, clock),
                stores.outcomeStore(),
                stores.resultCache(),
                new RouterState(routerId, config.state(), config.plan(), watch, nanos, clock),
                config.policy().policy(),
                new RouterMetrics(registry),
                nanos,
                clock));
    LaneRescue rescue =
        new LaneRescue(
            config.rescue(),
            stores.deviceRegistry(),
            new KafkaLaneGroups(config.kafka(), admin),
            new Delivery(stores.deliveryStore(), producer, config.delivery(), nanos, clock),
            new RescueMetrics(registry),
            nanos,
            clock);
    return new Running(
        admin,
        stores,
        producer,
        watchThread,
        loop,
        new AgentRunner(loop, CLOSE),
        new AgentRunner(rescue, CLOSE),
        routerId);
  }

  /** How it is; on any thread. */
  public synchronized RouterHealth health() {
    Running now = running;
    if (now == null) {
      return RouterHealth.down(closed ? "closed" : "not started");
    }
    if (!now.runner().running()) {
      Throwable failure = now.runner().failure();
      return RouterHealth.down(failure == null ? "stopped" : "failed: " + failure);
    }
    RouterHealth health = now.loop().health();
    return now.rescue().running()
        ? health
        : health.and("lanes without workers are not emptied: " + now.rescue().failure());
  }

  /** What each lane has to do, for whoever scales the fleet; on any thread. */
  public synchronized Demand demand() {
    Running now = running;
    return now == null ? Demand.NONE : now.loop().demand();
  }

  /** Asks it to take nothing more; what is being delivered is finished. Returns at once. */
  public synchronized void drain() {
    if (running != null) {
      running.runner().drain();
      running.rescue().drain();
    }
  }

  /**
   * Waits until it ends: after {@link #drain}, or by a failure that {@link #health} tells.
   *
   * @return false when the time is over first
   */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    AgentRunner runner;
    synchronized (this) {
      if (running == null) {
        return true;
      }
      runner = running.runner();
    }
    return runner.awaitEnd(timeout);
  }

  /** Drains and stops; harmless when repeated. */
  @Override
  public void close() {
    close(CLOSE);
  }

  /** Drains for at most so long, then stops. Harmless when repeated. */
  public void close(Duration timeout) {
    Running ending;
    synchronized (this) {
      closed = true;
      ending = running;
      running = null;
    }
    if (ending == null) {
      return;
    }
    ending.rescue().drain();
    ending.runner().close(timeout);
    ending.rescue().close(timeout);
    ending.watchThread().shutdownNow();
    ending.producer().close(Duration.ofSeconds(1));
    ending.admin().close();
    awaitWatch(ending.watchThread());
    withdraw(ending);
    ending.stores().close();
    LOG.info("router closed name={}", config.loop().name());
  }

  /** The others need not wait for the heartbeat to run out to share the lanes among themselves. */
  private static void withdraw(Running ending) {
    try {
      ending.stores().routerRegistry().remove(ending.routerId());
    } catch (FailureException e) {
      LOG.debug("heartbeat not removed cause={}", e.getMessage());
    }
  }

  private static void awaitWatch(ExecutorService watchThread) {
    try {
      if (!watchThread.awaitTermination(1, TimeUnit.SECONDS)) {
        LOG.warn("thread does not end name=router-watch");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
