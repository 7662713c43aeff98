package dev.headrace.sdk;

import dev.headrace.protocol.Outcome;
import dev.headrace.sdk.internal.Waiter;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The result of a submitted request, when it comes.
 *
 * <p>It completes normally with whatever outcome the request has: look at {@link
 * InferenceResult#status}, or call {@link InferenceResult#orThrow}. It completes exceptionally,
 * with a {@link HeadraceException}, when the client could not learn the outcome.
 *
 * <p>Cancelling it also cancels the request, soon and if Redis answers; {@link
 * HeadraceClient#cancel} says whether that worked. Completing it in another way (as {@code
 * orTimeout} does) leaves the request alone.
 */
public final class PendingResult extends CompletableFuture<InferenceResult> {
  private final String id;
  private final Consumer<String> canceller;

  PendingResult(String id, Consumer<String> canceller) {
    this.id = id;
    this.canceller = canceller;
  }

  /** The request id, for {@link HeadraceClient#result} and {@link HeadraceClient#cancel}. */
  public String id() {
    return id;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (cancelled) {
      canceller.accept(id);
    }
    return cancelled;
  }

  Waiter waiter() {
    return new Waiter() {
      @Override
      public void ended(Outcome outcome, Duration roundTrip) {
        complete(new InferenceResult(outcome, roundTrip));
      }

      @Override
      public void failed(HeadraceException failure) {
        completeExceptionally(failure);
      }
    };
  }
}
