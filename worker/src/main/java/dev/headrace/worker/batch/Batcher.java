package dev.headrace.worker.batch;

import dev.headrace.protocol.service.ServiceCurve;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Holds the rows of the requests that wait and makes batches of them. A request with many rows is
 * spread over batches; rows of several requests share one, if they are for the same model.
 *
 * <p>The most urgent row leads ({@link Urgency}); rows of similar length join it ({@link Window}).
 * A batch is closed when the device is idle or about to be, when it is full, or when the tightest
 * deadline less the predicted service time and its margin says so. A request that ran when a worker
 * died is alone on the device.
 */
public final class Batcher {
  /** Batches that may wait before the device when they are full or pressed (chosen: one). */
  private static final int QUEUED = 2;

  /** Allowance for the loop's own time when a deadline presses (chosen). */
  private static final double MARGIN_SECONDS = 0.02;

  private static final Comparator<Waiting> BY_DEADLINE =
      Comparator.comparingLong(Waiting::deadlineNanos).thenComparingLong(Waiting::owner);
  private static final Comparator<Waiting> BY_URGENCY =
      Comparator.comparingLong(Waiting::urgency).thenComparingLong(Waiting::owner);

  private final BatchConfig config;
  private final Outlook outlook;
  private final Patience patience;
  private final Map<String, ModelQueue> models = new HashMap<>();
  private final TreeSet<Waiting> alone = new TreeSet<>(BY_URGENCY);
  private final TreeSet<Waiting> byDeadline = new TreeSet<>(BY_DEADLINE);
  private final Map<Long, Held> held = new HashMap<>();
  private Set<String> iterating = Set.of();
  private Set<String> unpadded = Set.of();

  /** A waiting request and the indexes of its rows that are in no batch yet. */
  private record Held(Waiting waiting, BitSet rows) {
    RowRef row(int index) {
      return new RowRef(waiting.owner(), index, waiting.lengths()[index], waiting.urgency());
    }

    IntStream indexes() {
      return rows.stream();
    }
  }

  public Batcher(BatchConfig config, Outlook outlook) {
    this.config = config;
    this.outlook = outlook;
    this.patience = new Patience(config.maxDuration(), config.longestDuration());
  }

  /**
   * Takes note that a request came.
   *
   * @param budgetNanos from its submission to its deadline
   */
  public void saw(long budgetNanos, long nowNanos) {
    patience.saw(budgetNanos, nowNanos);
  }

  /** Takes a request; its owner must not be waiting already. */
  public void add(Waiting request) {
    Held own = hold(request);
    int count = request.lengths().length;
    own.rows().set(0, count);
    if (!request.alone()) {
      ModelQueue queue = queue(request.model());
      for (int i = 0; i < count; i++) {
        queue.add(own.row(i));
      }
    }
  }

  /** Takes rows back that were in a batch, to be run again. */
  public void again(Waiting request, List<RowRef> rows) {
    Held own = hold(request);
    for (RowRef row : rows) {
      own.rows().set(row.row());
      if (!request.alone()) {
        queue(request.model()).add(row);
      }
    }
  }

  private Held hold(Waiting request) {
    Held before = held.get(request.owner());
    if (before != null) {
      return before;
    }
    Held own = new Held(request, new BitSet(request.lengths().length));
    held.put(request.owner(), own);
    byDeadline.add(request);
    if (request.alone()) {
      alone.add(request);
    }
    return own;
  }

  /** Forgets the rows of a request that are in no batch yet; false when there are none. */
  public boolean remove(long owner) {
    Held gone = held.get(owner);
    if (gone == null) {
      return false;
    }
    if (!gone.waiting().alone()) {
      ModelQueue queue = queue(gone.waiting().model());
      gone.indexes().forEach(i -> queue.remove(gone.row(i)));
    }
    forget(gone.waiting());
    return true;
  }

  private void forget(Waiting request) {
    held.remove(request.owner());
    byDeadline.remove(request);
    alone.remove(request);
  }

  private ModelQueue queue(String model) {
    return models.computeIfAbsent(model, m -> new ModelQueue());
  }

  /** Takes out the requests whose deadline is over, as their owners' numbers. */
  public List<Long> expire(long nowNanos) {
    List<Long> expired = new ArrayList<>();
    while (!byDeadline.isEmpty() && byDeadline.first().deadlineNanos() <= nowNanos) {
      long owner = byDeadline.first().owner();
      remove(owner);
      expired.add(owner);
    }
    return expired;
  }

  /** Requests with rows that wait. */
  public int requests() {
    return held.size();
  }

  /** Rows that wait. */
  public int rows() {
    return models.values().stream().mapToInt(ModelQueue::rows).sum()
        + alone.stream().mapToInt(w -> rowsOf(w).rows().cardinality()).sum();
  }

  private Held rowsOf(Waiting request) {
    Held own = held.get(request.owner());
    if (own == null) {
      throw new IllegalStateException("request without rows: " + request.owner());
    }
    return own;
  }

  /** Seconds of service of all that waits. */
  public double queuedSeconds() {
    double seconds = 0;
    for (Map.Entry<String, ModelQueue> entry : models.entrySet()) {
      seconds += seconds(entry.getKey(), entry.getValue());
    }
    for (Waiting request : alone) {
      seconds += aloneSeconds(request);
    }
    return seconds;
  }

  /** Of what waits of one model. */
  public double queuedSeconds(String model) {
    ModelQueue queue = models.get(model);
    double seconds = queue == null ? 0 : seconds(model, queue);
    for (Waiting request : alone) {
      seconds += request.model().equals(model) ? aloneSeconds(request) : 0;
    }
    return seconds;
  }

  private double seconds(String model, ModelQueue queue) {
    return queue.seconds(outlook.curve(model), outlook.batchRows(model));
  }

  private double aloneSeconds(Waiting request) {
    ServiceCurve curve = outlook.curve(request.model());
    return rowsOf(request)
        .indexes()
        .mapToDouble(i -> curve.batchSeconds(1, request.lengths()[i]))
        .sum();
  }

  /** These models work by iterations: {@link #join} gives out their rows. */
  public void byIterations(Set<String> names) {
    iterating = Set.copyOf(names);
  }

  /** Of these models a batch costs what its tokens cost, however long its longest row is. */
  public void unpadded(Set<String> names) {
    unpadded = Set.copyOf(names);
  }

  /** Whether a request waits for an empty device, and others for it: else it would see none. */
  private boolean blocked() {
    ModelQueue queue = mostUrgent(m -> true);
    return !alone.isEmpty()
        && (queue == null || alone.first().urgency() <= queue.first().urgency());
  }

  /**
   * The most urgent rows of a model that works by iterations, as far as there is room for them;
   * they no longer wait. None overtakes one that is more urgent and does not fit: a long one would
   * never find room.
   *
   * @param rows that fit
   * @param tokens that fit
   * @param first whether none of this model is on the device: then one row always fits
   */
  public @Nullable Batch join(String model, int rows, long tokens, boolean first) {
    ModelQueue queue = models.get(model);
    if (queue == null || queue.isEmpty() || blocked()) {
      return null;
    }
    List<RowRef> joining = new ArrayList<>();
    long room = tokens;
    for (RowRef row : queue.byUrgency()) {
      boolean always = first && joining.isEmpty();
      if (!always && (joining.size() >= rows || row.length() > room)) {
        break;
      }
      joining.add(row);
      room -= row.length();
    }
    joining.sort(RowRef.BY_LENGTH);
    return joining.isEmpty() ? null : taken(new Batch(model, joining, false));
  }

  /** The next batch, if it is time for one; its rows no longer wait. */
  public @Nullable Batch next(Moment moment) {
    if (blocked()) {
      return moment.empty() ? taken(aloneBatch(alone.first(), moment)) : null;
    }
    ModelQueue queue = mostUrgent(m -> !iterating.contains(m));
    if (queue == null) {
      return null;
    }
    boolean hungry = moment.secondsAhead() < config.ahead().toNanos() / 1e9 || moment.idle();
    if (!hungry && moment.batchesAhead() >= QUEUED) {
      return null;
    }
    String model = owner(queue.first()).waiting().model();
    Batch batch = new Batch(model, queue.window(limits(model, moment)), false);
    return hungry || full(batch, moment) || pressed(batch, moment) ? taken(batch) : null;
  }

  private @Nullable ModelQueue mostUrgent(Predicate<String> among) {
    ModelQueue best = null;
    for (Map.Entry<String, ModelQueue> entry : models.entrySet()) {
      ModelQueue queue = entry.getValue();
      if (among.test(entry.getKey())
          && !queue.isEmpty()
          && (best == null || RowRef.BY_URGENCY.compare(queue.first(), best.first()) < 0)) {
        best = queue;
      }
    }
    return best;
  }

  private Held owner(RowRef row) {
    Held owner = held.get(row.owner());
    if (owner == null) {
      throw new IllegalStateException("row without request: " + row);
    }
    return owner;
  }

  private Limits limits(String model, Moment moment) {
    return new Limits(
        config.maxRows(),
        Math.min(config.maxTokens(), outlook.maxTokens(model)),
        patience.seconds(moment.nowNanos()),
        outlook.curve(model),
        !unpadded.contains(model));
  }

  private int length(Batch batch) {
    return batch.lengthCharged(!unpadded.contains(batch.model()));
  }

  /** Not even another row of the same length would fit. */
  private boolean full(Batch batch, Moment moment) {
    return !limits(batch.model(), moment).allow(batch.rows().size() + 1, length(batch));
  }

  /** The tightest deadline in it cannot wait for a fuller batch. */
  private boolean pressed(Batch batch, Moment moment) {
    long tightest = Long.MAX_VALUE;
    for (RowRef row : batch.rows()) {
      tightest = Math.min(tightest, owner(row).waiting().deadlineNanos());
    }
    ServiceCurve curve = outlook.curve(batch.model());
    double service = curve.batchSeconds(batch.rows().size(), length(batch));
    double finish = moment.secondsAhead() + service;
    double slack = (tightest - moment.nowNanos()) / 1e9;
    return slack <= finish + curve.marginShare() * finish + MARGIN_SECONDS;
  }

  private Batch aloneBatch(Waiting request, Moment moment) {
    Held held = rowsOf(request);
    TreeSet<RowRef> own = new TreeSet<>(RowRef.BY_LENGTH);
    held.indexes().forEach(i -> own.add(held.row(i)));
    List<RowRef> rows = Window.around(own.last(), own, limits(request.model(), moment));
    return new Batch(request.model(), rows, true);
  }

  private Batch taken(Batch batch) {
    for (RowRef row : batch.rows()) {
      Held owner = owner(row);
      if (!owner.waiting().alone()) {
        queue(batch.model()).remove(row);
      }
      owner.rows().clear(row.row());
      if (owner.rows().isEmpty()) {
        forget(owner.waiting());
      }
    }
    return batch;
  }
}
