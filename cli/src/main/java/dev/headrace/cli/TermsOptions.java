package dev.headrace.cli;

import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.sdk.Request;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** On what terms a request runs, beside its tier and deadline. */
final class TermsOptions {
  @Option(
      names = "--tenant",
      paramLabel = "NAME",
      description = "Who pays: its turn inside the tier, and its quota.")
  @Nullable String tenant;

  @Option(
      names = "--admission",
      paramLabel = "MODE",
      description =
          "When no device can finish it in time: best-effort (try, the default), reject (fail at"
              + " once) or late (run all the same).")
  @Nullable String admission;

  @Option(
      names = "--min-precision",
      paramLabel = "TYPE",
      description =
          "Least precision of the model's weights: int4, int8, fp8, bf16, fp16 or fp32. Not"
              + " cached.")
  @Nullable String minPrecision;

  @Option(
      names = "--cache",
      paramLabel = "MODE",
      description =
          "use (a stored result, or that of an equal request in flight) or bypass (run it).")
  @Nullable String cache;

  /** Puts requests on these terms; what is wrong with them is told at once. */
  UnaryOperator<Request> read(CommandSpec spec) {
    UnaryOperator<Request> all = r -> r;
    if (tenant != null) {
      String name = tenant;
      if (!RequestCodec.CLIENT.matcher(name).matches()) {
        throw wrong("--tenant", name, RequestCodec.CLIENT.pattern(), spec);
      }
      all = then(all, r -> r.tenant(name));
    }
    if (admission != null) {
      AdmissionMode mode =
          require(
              AdmissionMode.ofWireName(admission),
              "--admission",
              admission,
              "one of " + AdmissionMode.expected(),
              spec);
      all = then(all, r -> r.admission(mode));
    }
    if (minPrecision != null) {
      NumericPrecision least =
          require(
              NumericPrecision.ofWireName(minPrecision),
              "--min-precision",
              minPrecision,
              "one of " + NumericPrecision.expected(),
              spec);
      all = then(all, r -> r.minPrecision(least));
    }
    if (cache != null) {
      CacheMode mode =
          require(
              CacheMode.ofWireName(cache),
              "--cache",
              cache,
              "one of " + CacheMode.expected(),
              spec);
      all = then(all, r -> r.cache(mode));
    }
    return all;
  }

  private static UnaryOperator<Request> then(
      UnaryOperator<Request> first, UnaryOperator<Request> second) {
    return r -> second.apply(first.apply(r));
  }

  static Tier tier(String name, CommandSpec spec) {
    return require(Tier.ofWireName(name), "--tier", name, "one of " + Tier.expected(), spec);
  }

  /** A deadline, from the submission on. */
  static Duration deadline(String span, CommandSpec spec) {
    return require(
        Settings.parseDuration(span),
        "--deadline",
        span,
        "a span such as 500ms, 2s, 5m or 24h",
        spec);
  }

  private static <T> T require(
      Optional<T> value, String option, String text, String expected, CommandSpec spec) {
    return value.orElseThrow(() -> wrong(option, text, expected, spec));
  }

  private static ParameterException wrong(
      String option, String text, String expected, CommandSpec spec) {
    return new ParameterException(
        spec.commandLine(), option + ": " + text + " (expected: " + expected + ")");
  }
}
