package dev.headrace.sdk.internal;

import dev.headrace.policy.Forecast;
import dev.headrace.protocol.Address;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.sdk.CacheStats;
import dev.headrace.sdk.ClientClosedException;
import dev.headrace.sdk.HeadraceException;
import dev.headrace.sdk.OverloadedException;
import dev.headrace.sdk.SdkConfig;
import dev.headrace.sdk.StoreUnavailableException;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Wires the client and is what its public side calls. Thread-safe. */
public final class ClientCore {
  /** Least time for threads to end, also when closing may take no time (chosen). */
  private static final Duration END_WAIT = Duration.ofMillis(500);

  private final String client;
  private final SdkConfig config;
  private final Backends backends;
  private final InstantSource clock;
  private final LongSupplier nanos;

  private final Completions completions = new Completions();
  private final NearCache near;
  private final PendingTable table;
  private final SendQueue queue;
  private final Cancellations cancellations;
  private final Estimator estimator;
  private final Sender sender;
  private final Replies replies;
  private final ChunkStreams streams;
  private final SdkThreads threads;

  /** Why nothing more is taken, null while it is. */
  private final AtomicReference<@Nullable String> closed = new AtomicReference<>();

  private final AtomicReference<@Nullable Throwable> defect = new AtomicReference<>();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch released = new CountDownLatch(1);

  /**
   * Builds the client; {@link #start} starts its threads.
   *
   * @param client the name under which outcomes are kept
   */
  public ClientCore(
      String client, SdkConfig config, Backends backends, InstantSource clock, LongSupplier nanos) {
    this(client, config, backends, clock, nanos, Waits.USUAL);
  }

  /**
   * How long threads with nothing to do wait before they look again.
   *
   * @param sender for requests
   * @param replies for replies
   */
  record Waits(Duration sender, Duration replies) {
    /** Chosen. */
    static final Waits USUAL = new Waits(Duration.ofMillis(200), Duration.ofMillis(250));
  }

  ClientCore(
      String client,
      SdkConfig config,
      Backends backends,
      InstantSource clock,
      LongSupplier nanos,
      Waits waits) {
    this.client = client;
    this.config = config;
    this.backends = backends;
    this.clock = clock;
    this.nanos = nanos;
    this.near =
        new NearCache(
            new NearCache.Limits(config.nearEntries(), config.nearBytes(), config.nearTtl()),
            nanos);
    this.table = new PendingTable(config.maxPending(), completions, near, nanos);
    this.queue = new SendQueue(config.queueRequests(), config.queueBytes());
    this.cancellations = new Cancellations(backends.outcomes(), table, clock, sourceOf(client));
    this.estimator = new Estimator(backends.devices(), backends.routers(), clock);
    this.sender = newSender(waits.sender());
    this.replies = newReplies(waits.replies());
    this.streams = new ChunkStreams(backends.chunks());
    this.threads = new SdkThreads(sender, replies, streams, completions, this::abort);
  }

  /** The CloudEvents source of this client's requests. */
  public static String sourceOf(String client) {
    return "/headrace/clients/" + client;
  }

  private Sender newSender(Duration idle) {
    ModelRevisions revisions = new ModelRevisions(backends.devices(), config.refresh(), nanos);
    LocalAnswers answers =
        new LocalAnswers(
            backends.outcomes(),
            backends.cache(),
            near,
            revisions,
            table,
            clock,
            config.inlineBytes());
    SenderStore store = new SenderStore(backends.outcomes(), answers, cancellations, nanos);
    Sender.Limits limits = new Sender.Limits(idle, config.inlineBytes(), config.sendTimeout());
    return new Sender(queue, table, store, backends.producer(), limits, nanos);
  }

  private Replies newReplies(Duration pause) {
    OutcomeTopicReader topics = new OutcomeTopicReader(backends.tails(), client, table, nanos);
    Replies.Limits limits =
        new Replies.Limits(
            pause, config.sendTimeout(), config.sweepInterval(), config.fallbackAfter());
    return new Replies(backends.replies(), backends.outcomes(), table, topics, limits, nanos);
  }

  public void start() {
    threads.start();
  }

  Sender sender() {
    return sender;
  }

  Replies replies() {
    return replies;
  }

  Completions completions() {
    return completions;
  }

  PendingTable table() {
    return table;
  }

  /**
   * Takes a request; waits at most until there is room or the time is over.
   *
   * @param idempotent whether its id may have been used before
   * @param until by the clock of nanoseconds
   * @throws OverloadedException when there was no room; nothing was sent
   * @throws ClientClosedException when the client is closed
   */
  public void submit(InferenceRequest request, boolean idempotent, Waiter waiter, long until) {
    String id = request.id();
    requireOpen(id);
    if (!reserve(id, until)) {
      throw overloaded(id, config.maxPending() + " requests wait for their outcomes");
    }
    Pending.Limits limits = new Pending.Limits(config.sendTimeout(), config.grace());
    Pending pending = Pending.of(request, waiter, limits, clock, nanos);
    pending.mayHaveEnded(idempotent);
    if (!table.add(pending)) {
      return;
    }
    if (!offer(new Submission(request, pending, idempotent), until)) {
      table.failed(pending, overloaded(id, "the queue of requests to send is full"));
    }
    if (closed.get() != null) {
      table.failed(pending, closedFailure(pending)); // closing may not have seen it
    }
  }

  private boolean reserve(String id, long until) {
    try {
      return table.reserve(until - nanos.getAsLong());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw overloaded(id, "interrupted while waiting for room");
    }
  }

  private boolean offer(Submission submission, long until) {
    try {
      return queue.offer(submission, until - nanos.getAsLong());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static OverloadedException overloaded(String id, String why) {
    return new OverloadedException(id, "request " + id + " was not taken: " + why);
  }

  private void requireOpen(@Nullable String id) {
    String why = closed.get();
    if (why != null) {
      throw new ClientClosedException(id, "client " + client + " " + why, defect.get());
    }
  }

  /**
   * The outcome of one of this client's requests. Bounded by the timeout of Redis.
   *
   * @throws StoreUnavailableException when Redis does not answer
   */
  public Optional<Outcome> find(String id) {
    requireOpen(id);
    try {
      List<Address> addresses = List.of(new Address(client, id, false, null));
      return backends.outcomes().find(addresses).get(0).map(Delivered::stored);
    } catch (FailureException e) {
      throw new StoreUnavailableException(id, "result of request " + id + ": " + e.getMessage(), e);
    }
  }

  /**
   * Where a request would go now; empty when nobody can run it. Bounded by the timeout of Redis.
   *
   * @throws StoreUnavailableException when Redis does not answer
   */
  public Optional<Forecast> forecast(InferenceRequest request) {
    requireOpen(null);
    try {
      return estimator.estimate(request);
    } catch (FailureException e) {
      throw new StoreUnavailableException(
          request.id(), "estimate for model " + request.model() + ": " + e.getMessage(), e);
    }
  }

  /** What the cache did for this client. */
  public CacheStats cacheStats() {
    return near.stats();
  }

  /**
   * Cancels one of this client's requests. Bounded by the timeout of Redis.
   *
   * @return the outcome that stands
   * @throws StoreUnavailableException when Redis does not answer; it may be cancelled all the same
   */
  public Outcome cancel(String id) {
    requireOpen(id);
    Pending pending = table.get(id);
    Address address = pending == null ? new Address(client, id, true, null) : pending.address();
    try {
      return cancellations.cancel(address);
    } catch (FailureException e) {
      throw new StoreUnavailableException(
          id, "cancelling request " + id + ": " + e.getMessage(), e);
    }
  }

  /** Cancels soon, on the sender's thread, if Redis answers. */
  public void cancelSoon(String id) {
    Pending pending = table.get(id);
    if (pending != null) {
      cancellations.ask(pending);
      queue.wake();
    }
  }

  /** Where pieces of a streamed text go; called on the thread that reads them. */
  public interface PieceTarget {
    /** Takes a piece of a chunk in JSON that begins at this offset. */
    void piece(int offset, byte[] chunk);
  }

  /** From now on the pieces of this request's text go there. */
  public void readAlong(String id, PieceTarget target) {
    requireOpen(id);
    streams.add(id, target::piece);
  }

  /** No more of them. */
  public void readNoMore(String id) {
    streams.remove(id);
  }

  /** Has this run on the completion thread. */
  public void complete(Runnable action) {
    completions.add(action);
  }

  /** A thread of ours failed: nothing may wait for it. */
  private void abort(Throwable cause) {
    defect.compareAndSet(null, cause);
    closed.compareAndSet(null, "was stopped by a defect: " + cause);
    failAll();
  }

  private void failAll() {
    for (Pending pending : table.all()) {
      table.failed(pending, closedFailure(pending));
    }
  }

  private HeadraceException closedFailure(Pending pending) {
    String where =
        pending.sent()
            ? "; it was sent, its outcome will be known to a client named " + client
            : "; it may not have been sent";
    return new ClientClosedException(
        pending.id(),
        "request " + pending.id() + ": client " + client + " " + closed.get() + where,
        defect.get());
  }

  /**
   * Takes no more requests, waits for those that are taken to be sent, fails the futures of those
   * that have no outcome, and releases everything. Takes about this long at most.
   */
  public void close(Duration timeout) {
    closed.compareAndSet(null, "is closed");
    if (closing.compareAndSet(false, true)) {
      closeOnce(nanos.getAsLong() + timeout.toNanos());
    } else if (!threads.completions().isCurrent()) {
      awaitReleased(timeout);
    }
  }

  private void closeOnce(long until) {
    sender.drain();
    boolean interrupted = !awaitEnd(threads.sender(), left(until, Duration.ZERO));
    threads.sender().stop();
    threads.replies().stop();
    threads.streams().stop();
    streams.end();
    queue.close();
    backends.producer().close(interrupted ? Duration.ZERO : left(until, Duration.ZERO));
    failAll();
    completions.end();
    backends.replies().close();
    backends.chunks().close();
    for (LoopThread thread : threads.all()) {
      interrupted |= !awaitEnd(thread, interrupted ? Duration.ZERO : left(until, END_WAIT));
    }
    backends.connections().run();
    released.countDown();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private Duration left(long until, Duration least) {
    Duration left = Duration.ofNanos(until - nanos.getAsLong());
    return left.compareTo(least) < 0 ? least : left;
  }

  /** Waits for a thread, at most this long; false when interrupted. */
  private static boolean awaitEnd(LoopThread thread, Duration wait) {
    if (thread.isCurrent()) {
      return true; // a callback closes the client: its thread ends after it
    }
    try {
      thread.awaitEnd(wait.toNanos());
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  private void awaitReleased(Duration wait) {
    try {
      boolean ignored = released.await(wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
