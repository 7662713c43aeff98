package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads {@code rope_theta} and {@code rope_scaling} as transformers does ({@code
 * modeling_rope_utils.py}), in float32 where it computes in float32.
 *
 * <p>{@code dynamic} and {@code longrope} depend on the length of a text. A cache of keys cannot
 * change its rotation as a text grows, so here it depends on the longest text that a model is
 * opened for, as in vLLM: up to the length that the model was first trained on nothing is
 * stretched.
 */
final class RopeScaling {
  private static final double MAX_FACTOR = 1 << 20;

  private final HfConfig config;
  private final HfConfig scaling;
  private final int dimensions;
  private final double theta;
  private final int positions;

  private RopeScaling(
      HfConfig config, HfConfig scaling, int dimensions, double theta, int positions) {
    this.config = config;
    this.scaling = scaling;
    this.dimensions = dimensions;
    this.theta = theta;
    this.positions = positions;
  }

  /**
   * The rotation of heads of this size.
   *
   * @param positions {@code max_position_embeddings}
   * @param longest the longest text that will be run
   */
  static Rope read(HfConfig c, int headSize, int positions, int longest)
      throws MalformedModelException {
    double part = positive(c, "partial_rotary_factor", 1);
    int dimensions = (int) (headSize * part);
    if (dimensions < 2 || dimensions > headSize || dimensions % 2 != 0) {
      throw c.malformed("partial_rotary_factor", part, "an even part of the head, " + headSize);
    }
    // transformers 5 puts theta and scaling into one object.
    Optional<HfConfig> newer = c.object("rope_parameters");
    double theta = positive(newer.isPresent() ? newer.get() : c, "rope_theta", 10_000);
    Optional<HfConfig> scaling = newer.isPresent() ? newer : c.object("rope_scaling");
    RopeScaling rope = new RopeScaling(c, scaling.orElse(c), dimensions, theta, positions);
    return scaling.isPresent() ? rope.scaled(longest) : new Rope(rope.frequencies(theta), 1);
  }

  /** The most positions: {@code dynamic} stretches what the model has. */
  static int positions(HfConfig c, int trained) throws MalformedModelException {
    Optional<HfConfig> newer = c.object("rope_parameters");
    Optional<HfConfig> scaling = newer.isPresent() ? newer : c.object("rope_scaling");
    if (scaling.isEmpty() || !type(scaling.get()).equals("dynamic")) {
      return trained;
    }
    return (int) Math.min(Limits.POSITIONS, trained * positive(scaling.get(), "factor"));
  }

  private static String type(HfConfig scaling) throws MalformedModelException {
    return scaling.string("rope_type", scaling.string("type", "default"));
  }

  private Rope scaled(int longest) throws MalformedModelException {
    String type = type(scaling);
    return switch (type) {
      case "default" -> new Rope(frequencies(theta), 1);
      case "linear" -> linear();
      case "dynamic" -> dynamic(longest);
      case "llama3" -> llama3();
      case "yarn" -> yarn();
      // Phi-3 called it su at first.
      case "longrope", "su" -> longRope(longest);
      default ->
          throw scaling.malformed(
              "rope_type", type, "default, linear, dynamic, llama3, yarn or longrope");
    };
  }

  private List<Float> frequencies(double base) {
    List<Float> frequencies = new ArrayList<>();
    for (int i = 0; i < dimensions; i += 2) {
      frequencies.add(1 / (float) Math.pow(base, (float) i / dimensions));
    }
    return frequencies;
  }

  private Rope linear() throws MalformedModelException {
    float factor = (float) factor();
    return new Rope(frequencies(theta).stream().map(f -> f / factor).toList(), 1);
  }

  private Rope dynamic(int longest) throws MalformedModelException {
    if (dimensions < 4) {
      throw scaling.malformed("rope_type", "dynamic", "heads of more than two rotated values");
    }
    double factor = factor();
    double length = Math.max(longest, positions);
    double stretch = factor * length / positions - (factor - 1);
    return new Rope(
        frequencies(theta * Math.pow(stretch, (double) dimensions / (dimensions - 2))), 1);
  }

  private Rope llama3() throws MalformedModelException {
    double factor = factor();
    double low = positive(scaling, "low_freq_factor");
    double high = positive(scaling, "high_freq_factor");
    int original = scaling.integer("original_max_position_embeddings", 1, Limits.POSITIONS);
    if (high <= low) {
      throw scaling.malformed("high_freq_factor", high, "above low_freq_factor " + low);
    }
    List<Float> scaled = new ArrayList<>();
    for (float frequency : frequencies(theta)) {
      double wavelength = 2 * Math.PI / frequency;
      if (wavelength > original / low) {
        scaled.add((float) (frequency / factor));
      } else if (wavelength < original / high) {
        scaled.add(frequency);
      } else {
        double smooth = (original / wavelength - low) / (high - low);
        scaled.add((float) ((1 - smooth) * frequency / factor + smooth * frequency));
      }
    }
    return new Rope(scaled, 1);
  }

  private Rope yarn() throws MalformedModelException {
    double factor = factor();
    int original =
        scaling.integer("original_max_position_embeddings", 1, Limits.POSITIONS, positions);
    double fast = positive(scaling, "beta_fast", 32);
    double slow = positive(scaling, "beta_slow", 1);
    double from = correction(fast, original);
    double to = correction(slow, original);
    if (scaling.flag("truncate", true)) {
      from = Math.floor(from);
      to = Math.ceil(to);
    }
    from = Math.max(from, 0);
    to = Math.min(to, dimensions - 1.0);
    if (from == to) {
      to += 0.001;
    }
    List<Float> scaled = new ArrayList<>();
    List<Float> plain = frequencies(theta);
    for (int i = 0; i < plain.size(); i++) {
      double ramp = Math.min(1, Math.max(0, (i - from) / (to - from)));
      double frequency = plain.get(i);
      scaled.add((float) (frequency / factor * ramp + frequency * (1 - ramp)));
    }
    return new Rope(scaled, yarnScale(factor));
  }

  /** The pair that turns so many times within the length first trained on. */
  private double correction(double turns, int original) {
    return dimensions * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private double yarnScale(double factor) throws MalformedModelException {
    if (scaling.has("attention_factor")) {
      return positive(scaling, "attention_factor");
    }
    double all = scaling.number("mscale_all_dim", 0);
    double some = scaling.number("mscale", 0);
    return all != 0 && some != 0
        ? magnitude(factor, some) / magnitude(factor, all)
        : magnitude(factor, 1);
  }

  private static double magnitude(double factor, double weight) {
    return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
  }

  private Rope longRope(int longest) throws MalformedModelException {
    int original =
        config.integer("original_max_position_embeddings", 1, Limits.POSITIONS, positions);
    double factor =
        config.has("original_max_position_embeddings") ? (double) positions / original : factor();
    double natural =
        factor <= 1 || original < 2 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
    String key = longest > original ? "long_factor" : "short_factor";
    List<Double> stretch = scaling.numbers(key);
    List<Float> plain = frequencies(theta);
    if (stretch.size() != plain.size() || stretch.stream().anyMatch(s -> !(s > 0))) {
      throw scaling.malformed(key, stretch.size(), plain.size() + " numbers above 0");
    }
    List<Float> scaled = new ArrayList<>();
    for (int i = 0; i < plain.size(); i++) {
      scaled.add(
          1 / ((float) (double) stretch.get(i) * (float) Math.pow(theta, 2f * i / dimensions)));
    }
    return new Rope(scaled, positive(scaling, "attention_factor", natural));
  }

  private double factor() throws MalformedModelException {
    return positive(scaling, "factor");
  }

  private static double positive(HfConfig c, String key) throws MalformedModelException {
    return check(c, key, c.number(key));
  }

  private static double positive(HfConfig c, String key, double fallback)
      throws MalformedModelException {
    return check(c, key, c.number(key, fallback));
  }

  private static double check(HfConfig c, String key, double value) throws MalformedModelException {
    boolean theta = key.equals("rope_theta");
    if (!(value > 0 && value <= (theta ? 1e15 : MAX_FACTOR)) || (theta && value <= 1)) {
      throw c.malformed(key, value, theta ? "above 1" : "above 0");
    }
    return value;
  }
}
