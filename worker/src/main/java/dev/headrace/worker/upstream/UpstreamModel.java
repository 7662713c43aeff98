package dev.headrace.worker.upstream;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.GenerationRequest;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.ServedModel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A model of the server. Only the server has its tokenizer: lengths are estimates. */
record UpstreamModel(String name, String revision, Set<Task> tasks, int most)
    implements ServedModel {
  /** As in {@link dev.headrace.protocol.Size#ofBytes}. */
  private static final int BYTES_A_TOKEN = 4;

  /** A text to be embedded. */
  record TextRow(String text, int length) implements Row {}

  /**
   * One text to be generated.
   *
   * @param task whose path it goes to
   * @param body for the server: one choice, streamed
   * @param length an estimate
   * @param newTokens the limit, or what is usual when there is none
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  record PromptRow(Task task, byte[] body, int length, int newTokens) implements Row {}

  @Override
  public Optional<Concurrency> concurrency() {
    return Optional.of(new Concurrency(most, Long.MAX_VALUE));
  }

  @Override
  public List<Row> rows(List<String> texts) {
    List<Row> rows = new ArrayList<>(texts.size());
    texts.forEach(text -> rows.add(new TextRow(text, tokens(text))));
    return rows;
  }

  private static int tokens(String text) {
    return Math.max(1, text.getBytes(StandardCharsets.UTF_8).length / BYTES_A_TOKEN);
  }

  @Override
  public List<Row> generate(GenerationRequest request) {
    GenerationOptions options = request.options();
    List<Row> rows = new ArrayList<>();
    if (request instanceof ChatRequest chat) {
      String all = String.join("\n", chat.messages().stream().map(m -> m.content()).toList());
      for (int i = 0; i < options.choices(); i++) {
        rows.add(row(new ChatRequest(name, chat.messages(), one(options, i)), tokens(all)));
      }
    } else if (request instanceof CompletionRequest completion) {
      for (CompletionRequest.Prompt prompt : completion.prompts()) {
        int length =
            prompt instanceof CompletionRequest.Text text
                ? tokens(text.text())
                : ((CompletionRequest.Tokens) prompt).ids().size();
        for (int i = 0; i < options.choices(); i++) {
          rows.add(row(new CompletionRequest(name, List.of(prompt), one(options, i)), length));
        }
      }
    }
    return rows;
  }

  private static Row row(GenerationRequest request, int length) {
    int limit = request.options().maxTokens();
    return new PromptRow(
        request.task(),
        request.encode(true),
        length,
        limit == 0 ? GenerationRequest.USUAL_MAX_TOKENS : limit);
  }

  /** One choice; with a seed, each choice has one of its own, else all would be the same. */
  private static GenerationOptions one(GenerationOptions all, int choice) {
    Sampling s = all.sampling();
    Long seed = s.seed();
    @Nullable Long own = seed == null ? null : Long.valueOf(seed + choice);
    return new GenerationOptions(all.maxTokens(), 1, s.withSeed(own), true, all.responseFormat());
  }
}
