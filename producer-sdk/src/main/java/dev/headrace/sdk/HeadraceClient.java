package dev.headrace.sdk;

import dev.headrace.protocol.Status;
import dev.headrace.sdk.internal.Backends;
import dev.headrace.sdk.internal.ClientCore;
import dev.headrace.sdk.internal.RequestIds;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * Submits requests and brings their outcomes. Thread-safe; make one per program and close it.
 *
 * <p>{@link #submit} does no I/O: it checks the request, puts it into a bounded queue and returns a
 * future. What is wrong with a request itself is thrown ({@link InvalidRequestException}), and so
 * is the use of a closed client; all else comes through the future. Every future completes: with
 * the outcome, or with a {@link HeadraceException} at the latest when the deadline and the grace
 * after it ({@code sdk.grace}) are over. The package's page says on which thread.
 *
 * <p>A request that was accepted goes on when this client ends. With a fixed client id the next
 * client finds its outcome with {@link #result}, or by submitting it again with the same
 * idempotency key.
 */
public final class HeadraceClient implements AutoCloseable {
  private static final int MAX_ID = 256;

  private final String clientId;
  private final SdkConfig config;
  private final Admission admission;
  private final ClientCore core;
  private final LongSupplier nanos;

  private HeadraceClient(
      String clientId, SdkConfig config, Admission admission, ClientCore core, LongSupplier nanos) {
    this.clientId = clientId;
    this.config = config;
    this.admission = admission;
    this.core = core;
    this.nanos = nanos;
  }

  /** A running client over these; closed with it. */
  static HeadraceClient start(
      String clientId,
      SdkConfig config,
      Backends backends,
      InstantSource clock,
      LongSupplier nanos) {
    RequestIds ids = new RequestIds(clock, () -> ThreadLocalRandom.current().nextLong());
    Admission admission = new Admission(clientId, config, clock, ids);
    ClientCore core = new ClientCore(clientId, config, backends, clock, nanos);
    core.start();
    return new HeadraceClient(clientId, config, admission, core, nanos);
  }

  /** The name under which this client's outcomes are kept. */
  public String clientId() {
    return clientId;
  }

  /**
   * Submits a request. Waits for room in the client if there is none, at most {@code
   * sdk.submit-wait}; then the future has failed with {@link OverloadedException}.
   *
   * @throws InvalidRequestException if the request is wrong; nothing is sent
   * @throws ClientClosedException if this client is closed
   */
  public PendingResult submit(Request request) {
    return submit(admission.admit(request), waitUntil());
  }

  /**
   * Submits requests. All are checked before the first is sent; together they wait for room as long
   * as one.
   *
   * @return in the order of the requests
   * @throws InvalidRequestException if one of them is wrong; then none is sent
   * @throws ClientClosedException if this client is closed
   */
  public List<PendingResult> submitAll(Collection<Request> requests) {
    List<Admission.Admitted> admitted = requests.stream().map(admission::admit).toList();
    List<PendingResult> results = new ArrayList<>(admitted.size());
    long until = waitUntil();
    for (Admission.Admitted one : admitted) {
      results.add(submit(one, until));
    }
    return results;
  }

  private long waitUntil() {
    return nanos.getAsLong() + config.submitWait().toNanos();
  }

  private PendingResult submit(Admission.Admitted one, long until) {
    PendingResult result = new PendingResult(one.request().id(), core::cancelSoon);
    try {
      core.submit(one.request(), one.idempotent(), result.waiter(), until);
    } catch (OverloadedException e) {
      result.completeExceptionally(e);
    }
    return result;
  }

  /**
   * The outcome of a request of this client id, also of one that was submitted by an earlier
   * process; empty while it has none, and when outcomes are no longer kept. Waits for Redis, at
   * most its timeout.
   *
   * @throws StoreUnavailableException if Redis does not answer
   * @throws ClientClosedException if this client is closed
   */
  public Optional<InferenceResult> result(String id) {
    return core.find(requireId(id)).map(outcome -> new InferenceResult(outcome, null));
  }

  /**
   * Cancels a request of this client id: if it has no outcome yet, its outcome is CANCELLED, and
   * its future completes with that. A device that is at it may still finish; the result is dropped.
   * Waits for Redis, at most its timeout.
   *
   * @return whether it is cancelled; false when another outcome was first. An id that was never
   *     submitted counts as one without an outcome
   * @throws StoreUnavailableException if Redis does not answer; it may be cancelled all the same
   * @throws ClientClosedException if this client is closed
   */
  public boolean cancel(String id) {
    return core.cancel(requireId(id)).status() == Status.CANCELLED;
  }

  private static String requireId(String id) {
    if (id.isEmpty() || id.length() > MAX_ID || id.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "id: " + id.length() + " characters (expected: the id of a request, 1.." + MAX_ID + ")");
    }
    return id;
  }

  /**
   * Takes no more requests, waits for those that are taken to be sent, but not for their outcomes,
   * and fails the futures that are left with {@link ClientClosedException}. Takes about this long
   * at most; does nothing the second time.
   */
  public void close(Duration timeout) {
    core.close(timeout);
  }

  /** Closes within {@code sdk.close-timeout}. */
  @Override
  public void close() {
    close(config.closeTimeout());
  }
}
