package dev.headrace.cli;

import dev.headrace.protocol.Tier;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code headrace batch}: the requests of a file, in the form of OpenAI's Batch API. */
@Command(
    name = "batch",
    description = "Run the requests of a JSONL file (OpenAI's Batch API), write result files.",
    mixinStandardHelpOptions = true)
final class BatchCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "IN.jsonl", description = "One {custom_id, method, url, body} a line.")
  Path input = Path.of("");

  @Option(names = "--output", required = true, paramLabel = "FILE", description = "Results.")
  Path output = Path.of("");

  @Option(names = "--errors", required = true, paramLabel = "FILE", description = "What failed.")
  Path errors = Path.of("");

  @Option(
      names = "--resume",
      description = "Skip what the result files have already, and append to them.")
  boolean resume;

  @Option(
      names = "--window",
      defaultValue = "1000",
      description = "Requests under way at the same time. Default: ${DEFAULT-VALUE}.")
  int window;

  @Option(names = "--tier", defaultValue = "economy", description = "Default: ${DEFAULT-VALUE}.")
  String tier = "";

  @Option(
      names = "--deadline",
      paramLabel = "SPAN",
      defaultValue = "24h",
      description = "Of each request, from its submission on. Default: ${DEFAULT-VALUE}.")
  String deadline = "";

  @Option(names = "--json", description = "Print the counts as one JSON object.")
  boolean json;

  @Mixin TermsOptions terms = new TermsOptions();
  @Mixin ConnectionOptions connection = new ConnectionOptions();
  @Mixin ClientOption client = new ClientOption();

  @Override
  public Integer call() throws IOException, InterruptedException {
    Tier itsTier = TermsOptions.tier(tier, spec);
    UnaryOperator<Request> itsTerms = terms.read(spec);
    Duration within = TermsOptions.deadline(deadline, spec);
    if (window < 1) {
      throw usage("--window", Integer.toString(window), ">= 1");
    }
    if (!Files.isReadable(input)) {
      throw usage("IN.jsonl", input.toString(), "a file that can be read");
    }
    if (output.toAbsolutePath().normalize().equals(errors.toAbsolutePath().normalize())) {
      throw usage("--errors", errors.toString(), "another file than --output");
    }
    if (Files.size(input) > BatchRun.MAX_BYTES) {
      throw usage(
          "IN.jsonl", Files.size(input) + " bytes", "at most " + BatchRun.MAX_BYTES + " bytes");
    }
    if (BatchRun.lines(input) > BatchRun.MAX_LINES) {
      throw usage("IN.jsonl", "more lines", "at most " + BatchRun.MAX_LINES + " lines");
    }
    try (HeadraceClient headrace = client.open(connection);
        BatchRun run = new BatchRun(headrace::submit, output, errors, resume, window)) {
      BatchRun.Counts counts =
          run.run(input, r -> itsTerms.apply(r.tier(itsTier).deadline(within)));
      System.out.println(json ? counts.json() : counts.text());
      return counts.failed() == 0 ? 0 : Main.FAILED;
    }
  }

  private ParameterException usage(String what, String value, String expected) {
    return new ParameterException(
        spec.commandLine(), what + ": " + value + " (expected: " + expected + ")");
  }
}
