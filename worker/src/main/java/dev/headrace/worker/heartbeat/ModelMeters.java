package dev.headrace.worker.heartbeat;

import dev.headrace.protocol.service.GenerationCurve;
import dev.headrace.protocol.service.GenerationFitter;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.ServiceCurveFitter;
import dev.headrace.protocol.service.SideBySide;
import dev.headrace.worker.batch.Outlook;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import dev.headrace.worker.device.StepSample;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The measured speed of each model, and the memory limit that was learned. */
public final class ModelMeters implements Outlook {
  /** Until the first measurement (chosen: a small encoder on a few CPU cores). */
  private static final ServiceCurve GUESS = new ServiceCurve(2e-3, 1e-4, 0, 0, 0);

  /** The same for generating (chosen: a small decoder on a few cores, half of what is allowed). */
  private static final GenerationCurve GENERATION_GUESS =
      new GenerationCurve(2e-2, 1e-3, 2e-3, 1e-7, 0.5, 0, 0);

  /** A batch weighs about as much as the 20 after it (chosen). */
  private static final double SMOOTHING = 0.05;

  /** Good batches near the limit after which it is raised, and by how much (chosen). */
  private static final int GOOD_BATCHES = 64;

  private static final double RAISE = 1.25;

  private final Map<String, Meter> meters = new HashMap<>();

  private static final class Meter {
    ServiceCurveFitter fitter = new ServiceCurveFitter(GUESS);
    ServiceCurve curve = GUESS;
    double batchRows = 1;
    long maxTokens = Long.MAX_VALUE;
    int goodNearLimit;
    @Nullable GenerationFitter generation;
    double sequences = 1;
    long texts;
    double promptTokens;
    double newTokens;
  }

  private Meter meter(String model) {
    return meters.computeIfAbsent(model, m -> new Meter());
  }

  /** Begins from what was measured before, unless something was measured since. */
  public void known(String model, ServiceCurve curve) {
    Meter meter = meter(model);
    if (meter.curve.samples() == 0) {
      meter.fitter = new ServiceCurveFitter(curve);
      meter.curve = curve;
    }
  }

  /** Takes one measured run. */
  public void add(ServiceSample sample) {
    Meter meter = meter(sample.model());
    meter.fitter.add(sample.rows(), sample.paddedLength(), sample.seconds());
    meter.curve = meter.fitter.curve();
    meter.batchRows += SMOOTHING * (sample.rows() - meter.batchRows);
    raise(meter, (long) sample.rows() * sample.paddedLength());
  }

  /** Takes one measured step of generation. */
  public void add(StepSample step) {
    Meter meter = meter(step.model());
    GenerationFitter fitter = meter.generation;
    if (fitter == null) {
      fitter = new GenerationFitter(GENERATION_GUESS);
      meter.generation = fitter;
    }
    fitter.addStep(step.promptTokens(), step.sequences(), step.contextTokens(), step.seconds());
    for (StepSample.Ended text : step.ended()) {
      fitter.addText(text.allowedTokens(), text.generatedTokens());
    }
    if (step.sequences() > 0) {
      meter.sequences += SMOOTHING * (step.sequences() - meter.sequences);
    }
  }

  /** Takes a row of a model that works by iterations as it goes to the device. */
  public void joined(String model, int promptTokens, int newTokens) {
    Meter meter = meter(model);
    double gain = Math.max(SMOOTHING, 1.0 / ++meter.texts);
    meter.promptTokens += gain * (promptTokens - meter.promptTokens);
    meter.newTokens += gain * (newTokens - meter.newTokens);
  }

  /** As many usual texts as fit, reckoned as a router does; none before the first. */
  private SideBySide sideBySide(String model, Concurrency most) {
    Meter meter = meter(model);
    if (meter.texts == 0) {
      return SideBySide.NONE;
    }
    long prompt = Math.max(1, Math.round(meter.promptTokens));
    long more = Math.round(meter.newTokens);
    double rows = Math.max(1, Math.min(most.rows(), (double) most.tokens() / (prompt + more)));
    GenerationCurve generating = generation(model);
    double each =
        generating != null && more > 0
            ? generating.marginalSeconds(1, prompt, more, Math.max(rows, together(model)))
            : curve(model).marginalSeconds(1, (double) prompt, together(model));
    return new SideBySide(rows, rows * each);
  }

  /** Measured time of generating; null for a model that was not seen to generate. */
  public @Nullable GenerationCurve generation(String model) {
    GenerationFitter fitter = meter(model).generation;
    return fitter == null ? null : fitter.curve();
  }

  /** Rows of a usual batch; of a model that generates, sequences of a usual step. */
  private double together(String model) {
    Meter meter = meter(model);
    return meter.generation == null ? batchRows(model) : Math.max(1, meter.sequences);
  }

  /** Other programs on the device may have left since: try a little more now and then. */
  private static void raise(Meter meter, long tokens) {
    if (meter.maxTokens == Long.MAX_VALUE || tokens < meter.maxTokens * 0.9) {
      return;
    }
    meter.goodNearLimit++;
    if (meter.goodNearLimit >= GOOD_BATCHES) {
      meter.goodNearLimit = 0;
      meter.maxTokens = (long) Math.ceil(meter.maxTokens * RAISE);
    }
  }

  /** A batch of so many tokens, padding included, was too large for the device's memory. */
  public void tooLarge(String model, long tokens) {
    Meter meter = meter(model);
    meter.maxTokens = Math.max(1, Math.min(meter.maxTokens, tokens / 2));
    meter.goodNearLimit = 0;
  }

  @Override
  public ServiceCurve curve(String model) {
    return meter(model).curve;
  }

  @Override
  public double batchRows(String model) {
    return Math.max(1, meter(model).batchRows);
  }

  @Override
  public long maxTokens(String model) {
    return meter(model).maxTokens;
  }

  /** What the heartbeat says about these models. */
  public Map<String, ModelReport> reports(Map<String, ServedModel> models) {
    Map<String, ModelReport> reports = new LinkedHashMap<>();
    models.forEach(
        (name, model) ->
            reports.put(
                name,
                new ModelReport(
                    model.revision(),
                    model.tasks(),
                    curve(name),
                    together(name),
                    ModelState.LOADED,
                    0,
                    model.precision().orElse(null),
                    generation(name),
                    model.concurrency().map(c -> sideBySide(name, c)).orElse(SideBySide.NONE))));
    return reports;
  }
}
