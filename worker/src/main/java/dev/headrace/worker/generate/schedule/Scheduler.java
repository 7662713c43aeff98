package dev.headrace.worker.generate.schedule;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.engine.EngineException;
import dev.headrace.worker.generate.sample.Sampled;
import dev.headrace.worker.generate.sample.Sampler;
import dev.headrace.worker.generate.schedule.Plan.Part;
import dev.headrace.worker.generate.session.Candidates;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Logits;
import dev.headrace.worker.generate.session.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Generates many texts at once, a step at a time: texts join and leave at every step (Orca, OSDI
 * 2022: iteration-level scheduling). {@link Planner} says what runs.
 *
 * <p>A text does not depend on which others run, on when it came, nor on whether it was preempted
 * or found its beginning in the cache, but for the rounding of the device.
 */
public final class Scheduler implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

  /** After so many steps one text more is tried, where memory ran out once (chosen). */
  private static final int RAISE_STEPS = 256;

  private final DecoderSession session;
  private final PrefixCache cache;
  private final Planner planner;
  private final StepBudget budget;
  private final LongSupplier nanos;
  private final Sampler sampler = new Sampler();
  private final List<Text> over = new ArrayList<>();
  private long ranks;
  private long steps;
  private StepFigures last = StepFigures.NONE;

  /** Takes the session, which is closed with this. */
  public Scheduler(DecoderSession session, SchedulerLimits limits, LongSupplier nanos) {
    this.session = session;
    this.cache = new PrefixCache(session, limits.prefixCache());
    this.planner = new Planner(session, cache, limits, nanos);
    this.budget = new StepBudget(limits.step().toNanos() / 1e9, limits.stepTokens());
    this.nanos = nanos;
  }

  /** Takes a text; the more urgent have precedence, and those as urgent that came before. */
  public void add(Text text) {
    text.rank(ranks++);
    planner.add(text);
  }

  /** Ends a text with what there is of it; the next step gives it back. */
  public void end(Text text, FinishReason reason) {
    if (!text.over()) {
      text.end(reason);
      leave(text);
    }
  }

  /** Whether a step would do anything. */
  public boolean busy() {
    return planner.running() + planner.waiting() > 0 || !over.isEmpty();
  }

  /** Texts that run now. */
  public int running() {
    return planner.running();
  }

  /** How often a text had to give its memory away. */
  public long preemptions() {
    return planner.preemptions();
  }

  /** Steps so far. */
  public long steps() {
    return steps;
  }

  /** What the last step ran; nothing when it had to be run again in parts. */
  public StepFigures lastStep() {
    return last;
  }

  /** KV memory that is free or could be, in bytes. */
  public long memoryFreeBytes() {
    KvMemory now = session.memory();
    long blocks = (long) now.freeBlocks() + cache.blocks(now);
    return blocks * now.blockTokens() * session.shape().kvBytesPerToken();
  }

  /**
   * Runs a step.
   *
   * @return texts that are over, finished or failed
   * @throws EngineException FATAL when the device is lost
   */
  public List<Text> step() {
    Plan plan = planner.plan(budget.tokens());
    planner.all().stream().filter(Text::over).forEach(this::leave);
    last = StepFigures.NONE;
    if (!plan.parts().isEmpty()) {
      steps++;
      run(plan);
    }
    List<Text> ended = List.copyOf(over);
    over.clear();
    return ended;
  }

  private void leave(Text text) {
    planner.remove(text);
    over.add(text);
  }

  private void run(Plan plan) {
    try {
      last = run(plan.parts(), plan.tokens());
      if (steps % RAISE_STEPS == 0) {
        planner.raise();
      }
    } catch (EngineException e) {
      switch (e.kind()) {
        case FATAL -> throw e;
        case RESOURCE -> shrink(plan, e);
        case INTERNAL -> isolate(plan, e);
      }
    }
  }

  private StepFigures run(List<Part> parts, int tokens) {
    List<Segment> segments = new ArrayList<>(parts.size());
    List<Text> sampling = new ArrayList<>(parts.size());
    long prompt = 0;
    long context = 0;
    for (Part part : parts) {
      prompt += part.tokens() > 1 ? part.tokens() : 0;
      context += part.samples() ? part.text().length() : 0;
      segments.add(part.segment());
      if (part.samples()) {
        sampling.add(part.text());
      }
    }
    long started = nanos.getAsLong();
    Logits logits = session.step(segments);
    float[] temperatures = temperatures(sampling);
    for (int row = 0; row < sampling.size(); row++) {
      sample(sampling.get(row), logits, row, temperatures);
    }
    double seconds = (nanos.getAsLong() - started) / 1e9;
    budget.ran(tokens, seconds);
    parts.forEach(p -> p.text().worked(seconds * p.tokens() / tokens));
    sampling.stream().filter(Text::over).forEach(this::leave);
    return new StepFigures(prompt, sampling.size(), context, seconds);
  }

  private static float[] temperatures(List<Text> sampling) {
    float[] temperatures = new float[sampling.size()];
    for (int row = 0; row < temperatures.length; row++) {
      double temperature = sampling.get(row).row().sampling().temperature();
      temperatures[row] = temperature > 0 ? (float) temperature : 1;
    }
    return temperatures;
  }

  private void sample(Text text, Logits logits, int row, float[] temperatures) {
    try {
      text.add(next(text, logits, row, temperatures), session.shape().maxPositions());
    } catch (FailureException e) {
      text.fail(e.failure());
    } catch (EngineException e) {
      throw e;
    } catch (RuntimeException e) {
      LOG.warn("text failed tokens={}", text.length(), e);
      text.fail(new Failure(ErrorCode.INTERNAL_ERROR, "sampling: " + e));
    }
  }

  private Sampled next(Text text, Logits logits, int row, float[] temperatures) {
    Sampling sampling = text.row().sampling();
    if (Sampler.greedy(sampling)) {
      int token = logits.argmax(row);
      float logit = logits.highest(row);
      if (!Float.isFinite(logit)) {
        throw new FailureException(
            ErrorCode.INTERNAL_ERROR, "logit " + token + ": " + logit + " (expected: finite)");
      }
      return new Sampled(token, 0, List.of());
    }
    if (Sampler.samplesFew(sampling)) {
      Optional<Candidates> few = logits.candidates(row, temperatures);
      if (few.isPresent()) {
        OptionalInt token = sampler.among(few.get(), sampling, text.seed(), text.generated());
        if (token.isPresent()) {
          return new Sampled(token.getAsInt(), 0, List.of());
        }
      }
    }
    return sampler.next(logits.row(row), sampling, text.seed(), text.counts(), text.generated());
  }

  /** The device has less memory than it promised: fewer texts at once, down to one. */
  private void shrink(Plan plan, EngineException e) {
    if (cache.entries() > 0) {
      cache.clear();
    } else if (planner.running() > 1) {
      LOG.warn("device's memory ran out texts={}", planner.running(), e);
      planner.halve();
    } else {
      plan.parts().forEach(p -> fail(p.text(), ErrorCode.OUT_OF_MEMORY, e));
    }
  }

  /** Finds out whose fault it is by running each alone. */
  private void isolate(Plan plan, EngineException e) {
    if (plan.parts().size() == 1) {
      fail(plan.parts().get(0).text(), ErrorCode.INTERNAL_ERROR, e);
      return;
    }
    for (Part part : plan.parts()) {
      Plan alone = new Plan();
      alone.add(part.text(), part.tokens());
      run(alone);
    }
    last = StepFigures.NONE;
  }

  private void fail(Text text, ErrorCode code, EngineException e) {
    text.fail(new Failure(code, String.valueOf(e.getMessage())));
    leave(text);
  }

  /** Releases everything; texts that are not over are lost. */
  @Override
  public void close() {
    session.close();
  }
}
