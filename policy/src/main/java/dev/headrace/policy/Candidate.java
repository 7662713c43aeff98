package dev.headrace.policy;

import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Terms;
import dev.headrace.protocol.service.GenerationCurve;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.SideBySide;
import org.jspecify.annotations.Nullable;

/**
 * A lane that can run a model.
 *
 * @param lane index of the lane in {@link Fleet#lanes}
 * @param curve service time of the model there
 * @param batchRows rows of a usual batch there
 * @param precision least precision of its workers' weights, null when one of them does not say
 * @param generation service time of the model there when it generates, null when it does not
 * @param loadSeconds until the lane's workers have the model loaded, on average
 * @param sideBySide what one of its workers runs at once when it is busy
 */
public record Candidate(
    int lane,
    ServiceCurve curve,
    double batchRows,
    @Nullable NumericPrecision precision,
    @Nullable GenerationCurve generation,
    double loadSeconds,
    SideBySide sideBySide) {
  public Candidate {
    if (!(loadSeconds >= 0)) {
      throw new IllegalArgumentException("loadSeconds: " + loadSeconds + " (expected: >= 0)");
    }
  }

  /** A candidate whose workers have the model loaded. */
  public Candidate(
      int lane,
      ServiceCurve curve,
      double batchRows,
      @Nullable NumericPrecision precision,
      @Nullable GenerationCurve generation) {
    this(lane, curve, batchRows, precision, generation, 0, SideBySide.NONE);
  }

  /** A candidate of unknown precision. */
  public Candidate(int lane, ServiceCurve curve, double batchRows) {
    this(lane, curve, batchRows, null, null);
  }

  /** Whether it is as precise as the request demands; what is not known is not. */
  boolean preciseEnough(Terms terms) {
    NumericPrecision least = terms.minPrecision();
    return least == null || (precision != null && precision.atLeast(least));
  }

  /**
   * Seconds until the lane gets to a request that comes now and has its model. Workers load while
   * they run others, from when they take the record, so the longer of the two counts. A text joins
   * those that run, so only what lies before it beyond these delays its start; {@link
   * #batchSeconds} has what they slow it down.
   */
  double waitSeconds(Snapshot snapshot) {
    return Math.max(snapshot.waitSeconds(lane) - sideBySide.seconds(), loadSeconds);
  }

  /**
   * Seconds of device time that the request adds to the lane; what it is charged for. A text is
   * charged as on a full device, however few run there now: else what is sent to an idle lane would
   * look like ten times its work and keep others from joining it.
   */
  public double marginalSeconds(Size size) {
    if (generation != null && size.newTokens() > 0) {
      return generation.marginalSeconds(
          size.rows(), size.tokens(), size.newTokens(), Math.max(batchRows, sideBySide.rows()));
    }
    return curve.marginalSeconds(size.rows(), tokens(size), batchRows);
  }

  /**
   * Seconds from the start of the request's batch to its end, when it runs alone; of a request that
   * generates, among as many sequences as usual.
   */
  double batchSeconds(Size size) {
    if (generation != null && size.newTokens() > 0) {
      return generation.requestSeconds(size.rows(), size.tokens(), size.newTokens(), batchRows);
    }
    double length = Math.ceil(tokens(size) / size.rows());
    return curve.batchSeconds(size.rows(), (int) Math.min(length, Integer.MAX_VALUE));
  }

  /** The part of a predicted time that is kept as margin. */
  double relativeError() {
    return generation != null ? generation.marginShare() : curve.marginShare();
  }

  /** No row is shorter than one token. */
  private static double tokens(Size size) {
    return Math.max(size.tokens(), size.rows());
  }
}
