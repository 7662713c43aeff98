package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.HeadraceException;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.Request;
import dev.headrace.sdk.TextChunk;
import dev.headrace.sdk.TextStream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What {@code submit chat} and {@code submit generate} have in common. */
final class GenerateOptions {
  @Mixin SubmitOptions common = new SubmitOptions();

  @Option(names = "--max-tokens", description = "Most tokens of a text; default: the model's.")
  @Nullable Integer maxTokens;

  @Option(names = "--temperature", description = "0 (greedy) to 2; default: 1.")
  @Nullable Double temperature;

  @Option(names = "--top-p", description = "Most likely tokens with this probability together.")
  @Nullable Double topP;

  @Option(names = "--top-k", description = "So many most likely tokens.")
  @Nullable Integer topK;

  @Option(names = "--min-p", description = "Tokens at least so likely as a share of the likeliest.")
  @Nullable Double minP;

  @Option(names = "--presence-penalty", description = "-2 to 2.")
  @Nullable Double presencePenalty;

  @Option(names = "--frequency-penalty", description = "-2 to 2.")
  @Nullable Double frequencyPenalty;

  @Option(names = "--repetition-penalty", description = "Over 0; 1 for none.")
  @Nullable Double repetitionPenalty;

  @Option(names = "--seed", description = "Makes the text repeatable.")
  @Nullable Long seed;

  @Option(names = "--stop", description = "The text ends before it; may be given several times.")
  List<String> stop = List.of();

  @Option(names = "--choices", description = "Texts for each prompt; default: 1.")
  @Nullable Integer choices;

  @Option(names = "--stream", description = "Print the text while it is generated.")
  boolean stream;

  private Request sampled(Request bare, CommandSpec spec) {
    if (stream && choices != null && choices > 1) {
      throw new ParameterException(
          spec.commandLine(), "--choices: " + choices + " (expected: 1 with --stream)");
    }
    Sampling d = Sampling.DEFAULT;
    Request request =
        bare.sampling(
            new Sampling(
                or(temperature, d.temperature()),
                or(topP, d.topP()),
                topK == null ? d.topK() : topK,
                or(minP, d.minP()),
                or(presencePenalty, d.presencePenalty()),
                or(frequencyPenalty, d.frequencyPenalty()),
                or(repetitionPenalty, d.repetitionPenalty()),
                seed,
                stop,
                List.of(),
                -1,
                false));
    if (maxTokens != null) {
      if (maxTokens < 1) {
        throw new ParameterException(
            spec.commandLine(), "--max-tokens: " + maxTokens + " (expected: >= 1)");
      }
      request = request.maxTokens(maxTokens);
    }
    if (choices != null) {
      request = request.choices(choices);
    }
    return request;
  }

  private static double or(@Nullable Double given, double usual) {
    return given == null ? usual : given;
  }

  /** Submits or estimates, and prints; the exit status. */
  int run(Request bare, Task task, CommandSpec spec)
      throws InterruptedException, ExecutionException {
    Request request = sampled(bare, spec);
    return stream && !SubmitOptions.estimates(spec)
        ? stream(common.complete(request, spec), task)
        : common.run(request, task, spec);
  }

  private int stream(Request request, Task task) throws InterruptedException, ExecutionException {
    try (HeadraceClient headrace = common.client.open(common.connection)) {
      TextStream text = headrace.stream(request);
      System.err.println("submitted " + text.id());
      Printer printer = new Printer(common.json);
      text.subscribe(printer);
      printer.ended.await();
      InferenceResult result = text.result().get();
      System.out.println(
          common.json ? Results.json(result) : result.isOk() ? "" : Results.text(result, task));
      return result.isOk() ? 0 : Main.FAILED;
    }
  }

  /** Prints pieces as they come; beside JSON to stderr, as all progress. */
  private static final class Printer implements Flow.Subscriber<TextChunk> {
    private final boolean aside;
    final CountDownLatch ended = new CountDownLatch(1);

    Printer(boolean aside) {
      this.aside = aside;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(TextChunk chunk) {
      java.io.PrintStream out = aside ? System.err : System.out;
      if (chunk.replaces()) {
        out.print("\n[generated anew]\n");
      }
      out.print(chunk.text());
      out.flush();
      if (chunk.finish().isPresent() && chunk.finish().get() != FinishReason.STOP) {
        System.err.println("\n[" + chunk.finish().get().wireName() + "]");
      }
    }

    @Override
    public void onError(Throwable failure) {
      if (!(failure instanceof HeadraceException)) {
        System.err.println(failure);
      }
      ended.countDown();
    }

    @Override
    public void onComplete() {
      ended.countDown();
    }
  }
}
