package dev.headrace.worker.shelf;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.worker.device.ModelOffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The models of one device under a memory budget and what the device says it has. A model is loaded
 * when a request asks for it, in the order of asking. If there is no room, the models used least
 * recently go; pinned ones stay. A model in use is first closed to new requests, so that a busy
 * model cannot keep others out for ever, but not before it has been there for a while, so that two
 * that do not fit together take turns instead of thrashing.
 *
 * <p>One load or unload is under way at a time. Not thread-safe.
 */
public final class ModelShelf {
  /** How long a model that is in use stays after it was loaded (chosen). */
  static final long STAY_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** How long a failure stands before the next request tries again (chosen). */
  static final long FAILURE_NANOS = TimeUnit.SECONDS.toNanos(30);

  /**
   * What is to be done.
   *
   * @param load whether to load the model, else to unload it
   */
  public record Step(String model, boolean load) {}

  private enum Place {
    AWAY,
    COMING,
    HERE,
    /** Here, and closed to new requests. */
    LEAVING,
    GOING
  }

  private static final class Book {
    final ModelOffer offer;
    Place place = Place.AWAY;
    long usedAt;
    long loadedAt;
    long failedAt;
    @Nullable Failure failure;

    Book(ModelOffer offer, long now) {
      this.offer = offer;
      this.usedAt = now;
      this.loadedAt = now;
    }

    boolean takesRoom() {
      return place != Place.AWAY;
    }

    boolean mayGo() {
      return !offer.pinned() && (place == Place.HERE || place == Place.LEAVING);
    }
  }

  private final long budgetBytes;
  private final LongSupplier room;
  private final Map<String, Book> books = new LinkedHashMap<>();
  private final Set<String> wanted = new LinkedHashSet<>();

  /**
   * A shelf.
   *
   * @param budgetBytes room for all models together
   * @param room what a further model may take by the device's own numbers; asked while one waits
   * @param loaded names of the offers that are loaded already
   */
  public ModelShelf(
      long budgetBytes,
      LongSupplier room,
      Collection<ModelOffer> offers,
      Set<String> loaded,
      long nowNanos) {
    this.budgetBytes = budgetBytes;
    this.room = room;
    for (ModelOffer offer : offers) {
      Book book = new Book(offer, nowNanos);
      if (loaded.contains(offer.name())) {
        book.place = Place.HERE;
      }
      books.put(offer.name(), book);
    }
  }

  /** All models that there are. */
  public Collection<ModelOffer> offers() {
    return books.values().stream().map(b -> b.offer).toList();
  }

  /** Whether there is such a model. */
  public boolean knows(String model) {
    return books.containsKey(model);
  }

  /** Whether new requests for it may run now. */
  public boolean open(String model) {
    Book book = books.get(model);
    return book != null && book.place == Place.HERE;
  }

  /** A request for an open model was let through. */
  public void used(String model, long nowNanos) {
    book(model).usedAt = nowNanos;
  }

  /** A request waits for this model. */
  public void want(String model) {
    wanted.add(book(model).offer.name());
  }

  /** No request waits for this model any more. */
  public void unwant(String model) {
    wanted.remove(model);
  }

  /** Why it cannot be loaded, if that was found lately. */
  public @Nullable Failure refusal(String model, long nowNanos) {
    Book book = book(model);
    boolean lately = book.failure != null && nowNanos - book.failedAt < FAILURE_NANOS;
    return lately ? book.failure : null;
  }

  /** How near it is. */
  public ModelState state(String model, long nowNanos) {
    Book book = book(model);
    return switch (book.place) {
      case HERE -> ModelState.LOADED;
      case COMING -> ModelState.LOADING;
      case AWAY, LEAVING, GOING ->
          refusal(model, nowNanos) == null ? ModelState.LOADABLE : ModelState.FAILED;
    };
  }

  /**
   * What to do now, if anything; it is begun then.
   *
   * @param inUse whether requests that were let through still need a model
   */
  public @Nullable Step next(long nowNanos, Predicate<String> inUse) {
    if (books.values().stream().anyMatch(b -> b.place == Place.COMING || b.place == Place.GOING)) {
      return null;
    }
    Book first = firstWanted();
    if (first == null) {
      books.values().forEach(ModelShelf::stay);
      return null;
    }
    long missing = first.offer.bytes() - freeBytes();
    if (missing <= 0 || onlyTheDeviceRefuses(first)) {
      books.values().forEach(ModelShelf::stay);
      first.place = Place.COMING;
      return new Step(first.offer.name(), true);
    }
    return makeRoom(missing, nowNanos, inUse);
  }

  /** Whether a model is on its way out. */
  public boolean unloading() {
    return books.values().stream().anyMatch(b -> b.place == Place.GOING);
  }

  /**
   * What to unload though no other model waits for its room, for the device's memory ran out: the
   * model used least recently that is not in use and may go. It is begun then.
   *
   * @param inUse as for {@link #next}
   */
  public @Nullable Step relieve(Predicate<String> inUse) {
    if (books.values().stream().anyMatch(b -> b.place == Place.COMING || b.place == Place.GOING)) {
      return null;
    }
    return books.values().stream()
        .filter(b -> b.mayGo() && !inUse.test(b.offer.name()))
        .min(Comparator.comparingLong(b -> b.usedAt))
        .map(
            book -> {
              book.place = Place.GOING;
              return new Step(book.offer.name(), false);
            })
        .orElse(null);
  }

  /**
   * Whether there is nothing left to unload and yet the device says no. Then the load is tried: it
   * finds what is kept for later and not needed, or says for good what is missing.
   */
  private boolean onlyTheDeviceRefuses(Book coming) {
    return budgetBytes - takenBytes() >= coming.offer.bytes()
        && books.values().stream().noneMatch(Book::mayGo);
  }

  /** It was to leave for another's sake, and need not. */
  private static void stay(Book book) {
    if (book.place == Place.LEAVING) {
      book.place = Place.HERE;
    }
  }

  private @Nullable Book firstWanted() {
    for (String model : wanted) {
      Book book = book(model);
      if (book.place == Place.AWAY) {
        return book;
      }
    }
    return null;
  }

  private long freeBytes() {
    return Math.min(budgetBytes - takenBytes(), room.getAsLong());
  }

  /** What the models take that are here, as far as is known of their files. */
  public long takenBytes() {
    return books.values().stream().filter(Book::takesRoom).mapToLong(b -> b.offer.bytes()).sum();
  }

  /** Unloads one that is not in use; else closes those whose turn it is to new requests. */
  private @Nullable Step makeRoom(long missing, long nowNanos, Predicate<String> inUse) {
    List<Book> leaving = victims(missing, inUse);
    for (Book book : leaving) {
      if (!inUse.test(book.offer.name())) {
        book.place = Place.GOING;
        return new Step(book.offer.name(), false);
      }
    }
    for (Book book : leaving) {
      if (nowNanos - book.loadedAt >= STAY_NANOS) {
        book.place = Place.LEAVING;
      }
    }
    return null;
  }

  /** Those to go: leaving ones first, then idle ones, of equals the one used least recently. */
  private List<Book> victims(long bytes, Predicate<String> inUse) {
    List<Book> candidates = new ArrayList<>(books.values().stream().filter(Book::mayGo).toList());
    candidates.sort(
        Comparator.<Book>comparingInt(b -> b.place == Place.LEAVING ? 0 : 1)
            .thenComparingInt(b -> inUse.test(b.offer.name()) ? 1 : 0)
            .thenComparingLong(b -> b.usedAt));
    List<Book> victims = new ArrayList<>();
    long freed = 0;
    for (Book book : candidates) {
      if (freed >= bytes) {
        break;
      }
      victims.add(book);
      freed += book.offer.bytes();
    }
    return victims;
  }

  /** The load that was begun is done. */
  public void loaded(String model, long nowNanos) {
    Book book = book(model);
    book.place = Place.HERE;
    book.loadedAt = nowNanos;
    book.usedAt = nowNanos;
    book.failure = null;
    wanted.remove(model);
  }

  /** The load that was begun failed. */
  public void notLoaded(String model, Failure failure, long nowNanos) {
    Book book = book(model);
    book.place = Place.AWAY;
    book.failure = failure;
    book.failedAt = nowNanos;
    wanted.remove(model);
  }

  /** The unload that was begun is done. */
  public void unloaded(String model) {
    book(model).place = Place.AWAY;
  }

  private Book book(String model) {
    Book book = books.get(model);
    if (book == null) {
      throw new IllegalArgumentException(
          "model: " + model + " (expected: one of " + books.keySet() + ")");
    }
    return book;
  }
}
