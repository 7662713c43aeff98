package dev.headrace.worker.generate;

import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.device.BrokenModel;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.GenerationRow;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowProgress;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import dev.headrace.worker.device.StepSample;
import dev.headrace.worker.generate.schedule.Scheduler;
import dev.headrace.worker.generate.schedule.StepFigures;
import dev.headrace.worker.generate.schedule.Text;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Generates text on one device: rows join at every step and leave when they are finished. Each
 * model has a scheduler of its own; they take turns.
 */
public final class GenerationEngine implements Engine {
  private final Map<String, Served> served = new LinkedHashMap<>();
  private final Map<Text, Place> places = new HashMap<>();
  private final List<BrokenModel> broken;
  private final AutoCloseable device;
  private final SplittableRandom seeds;
  private int turn;

  /** A model with what runs it. */
  record Served(GenerationModel model, Scheduler scheduler) {}

  private record Place(long batch, int row, String model) {}

  /**
   * Joins models on one device.
   *
   * @param broken models that were asked for too
   * @param device closed at the end
   * @param seed of the seeds of rows that have none
   */
  GenerationEngine(List<Served> models, List<BrokenModel> broken, AutoCloseable device, long seed) {
    this.broken = List.copyOf(broken);
    models.forEach(m -> served.put(m.model().name(), m));
    this.device = device;
    this.seeds = new SplittableRandom(seed);
  }

  @Override
  public List<ServedModel> models() {
    List<ServedModel> models = new ArrayList<>();
    served.values().forEach(s -> models.add(s.model()));
    return models;
  }

  @Override
  public List<BrokenModel> broken() {
    return broken;
  }

  @Override
  public boolean admits() {
    return true;
  }

  @Override
  public void admit(DeviceBatch batch) {
    Served target =
        Objects.requireNonNull(served.get(batch.model().name()), () -> batch.model().name());
    for (int row = 0; row < batch.rows().size(); row++) {
      GenerationRow input = (GenerationRow) batch.rows().get(row);
      Text text = new Text(input, seed(input), target.model().vocabulary());
      text.urgency(batch.urgency().get(row));
      places.put(text, new Place(batch.id(), row, target.model().name()));
      target.scheduler().add(text);
    }
  }

  private long seed(GenerationRow row) {
    Sampling sampling = row.sampling();
    Long seed = sampling.seed();
    return seed == null ? seeds.nextLong() : seed + row.choice();
  }

  @Override
  public void drop(RowDrop drop) {
    for (Map.Entry<Text, Place> entry : places.entrySet()) {
      Place place = entry.getValue();
      if (place.batch() == drop.batch() && place.row() == drop.row()) {
        scheduler(place).end(entry.getKey(), drop.reason());
        return;
      }
    }
  }

  private Scheduler scheduler(Place place) {
    return Objects.requireNonNull(served.get(place.model())).scheduler();
  }

  @Override
  public boolean busy() {
    return served.values().stream().anyMatch(s -> s.scheduler().busy());
  }

  @Override
  public void step(Listener listener) {
    List<Served> busy = served.values().stream().filter(s -> s.scheduler().busy()).toList();
    if (busy.isEmpty()) {
      return;
    }
    Served next = busy.get(Math.floorMod(turn++, busy.size()));
    List<Text> over = next.scheduler().step();
    List<StepSample.Ended> ended =
        over.stream().filter(GenerationEngine::whole).map(GenerationEngine::ended).toList();
    StepFigures ran = next.scheduler().lastStep();
    if (ran.seconds() > 0) {
      listener.stepped(
          new StepSample(
              next.model().name(),
              ran.promptTokens(),
              ran.sequences(),
              ran.contextTokens(),
              ran.seconds(),
              ended));
    }
    progress(listener);
    finish(over, listener);
  }

  /** Whether it ended by itself or at its limit. */
  private static boolean whole(Text text) {
    return text.finish() == FinishReason.STOP || text.finish() == FinishReason.LENGTH;
  }

  private static StepSample.Ended ended(Text text) {
    return new StepSample.Ended(text.row().maxTokens(), text.generated());
  }

  private void progress(Listener listener) {
    Map<Long, List<RowProgress>> news = new LinkedHashMap<>();
    places.forEach(
        (text, place) -> {
          if (!text.row().streamed() || text.finish() != null || text.failure() != null) {
            return;
          }
          String piece = text.news();
          if (!piece.isEmpty()) {
            news.computeIfAbsent(place.batch(), b -> new ArrayList<>())
                .add(new RowProgress(place.row(), piece, text.generated(), text.newLogprobs()));
          }
        });
    news.forEach(listener::progressed);
  }

  private void finish(List<Text> over, Listener listener) {
    Map<Long, List<FinishedRow>> finished = new LinkedHashMap<>();
    for (Text text : over) {
      Place place = Objects.requireNonNull(places.remove(text));
      finished
          .computeIfAbsent(place.batch(), b -> new ArrayList<>())
          .add(new FinishedRow(place.row(), output(text), text.startedNanos(), text.seconds()));
      if (whole(text)) {
        int tokens = text.row().length() + text.generated();
        listener.measured(new ServiceSample(place.model(), 1, tokens, tokens, text.seconds()));
      }
    }
    finished.forEach(listener::finished);
  }

  private static RowOutput output(Text text) {
    FinishReason finish = text.finish();
    if (finish == null) {
      return new RowOutput.Failed(Objects.requireNonNull(text.failure()));
    }
    return new RowOutput.Generated(
        text.text(),
        finish,
        text.row().length(),
        text.cached(),
        text.generated(),
        text.row().sampling().logprobs() < 0 ? null : List.copyOf(text.logprobs()));
  }

  @Override
  public long memoryFreeBytes() {
    return served.values().stream().mapToLong(s -> s.scheduler().memoryFreeBytes()).sum();
  }

  @Override
  public void close() {
    served
        .values()
        .forEach(
            s -> {
              s.scheduler().close();
              s.model().tokenizer().close();
            });
    try {
      device.close();
    } catch (Exception e) {
      throw new IllegalStateException("device not closed: " + e.getMessage(), e);
    }
  }
}
