package dev.headrace.worker.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ChatMessage;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.CompletionRequest.Prompt;
import dev.headrace.protocol.body.CompletionRequest.Tokens;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.GenerationRequest;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.GenerationRow;
import dev.headrace.worker.generate.template.ChatTemplate;
import dev.headrace.worker.text.PromptTokenizer;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** From a request to rows of token ids. An IT for its tokenizer is native. */
class GenerationModelIT {
  private static final int WORDS = 40;
  private static final int BEGIN = WORDS;
  private static final int CONTEXT = 32;
  private static final GenerationOptions OPTIONS = GenerationOptions.DEFAULT.with(Sampling.GREEDY);
  private static PromptTokenizer tokenizer;

  @BeforeAll
  static void open() throws IOException {
    tokenizer = WordTokenizer.open(WORDS);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  private static GenerationModel model(String template) {
    Optional<ChatTemplate> chat =
        Optional.ofNullable(template)
            .map(t -> ChatTemplate.of(t, Map.of("bos_token", "<s>"), InstantSource.system()));
    return new GenerationModel(
        "tiny",
        "r1",
        tokenizer,
        new ChatFiles(chat, Set.of(WORDS + 1)),
        WORDS + 2,
        CONTEXT,
        new Concurrency(4, 64));
  }

  private static List<GenerationRow> rows(GenerationModel model, GenerationRequest request) {
    return model.generate(request).stream().map(r -> (GenerationRow) r).toList();
  }

  private static CompletionRequest complete(GenerationOptions options, Prompt... prompts) {
    return new CompletionRequest("tiny", List.of(prompts), options);
  }

  private static Prompt text(String text) {
    return new CompletionRequest.Text(text);
  }

  private static FailureException refused(GenerationModel model, GenerationRequest request) {
    FailureException e =
        catchThrowableOfType(FailureException.class, () -> model.generate(request));
    assertThat(e).isNotNull();
    return e;
  }

  @Test
  void each_choice_of_each_prompt_is_a_row() {
    List<GenerationRow> rows =
        rows(
            model(null),
            complete(OPTIONS.withChoices(2).streamed(true), text("w1 w2"), new Tokens(List.of(7))));
    assertThat(rows).hasSize(4).allMatch(GenerationRow::streamed);
    assertThat(rows).extracting(GenerationRow::choice).containsExactly(0, 1, 0, 1);
    assertThat(rows.get(1).prompt()).containsExactly(BEGIN, 1, 2);
    assertThat(rows.get(2).prompt()).as("ids are taken as they are").containsExactly(7);
    assertThat(rows).extracting(GenerationRow::sampling).containsOnly(Sampling.GREEDY);
  }

  @Test
  void conversation_is_put_by_the_template_which_says_itself_how_it_begins() {
    GenerationModel model =
        model(
            "{{ bos_token }}{% for m in messages %} {{ m.role == 'user' and 'w1' or 'w2' }}"
                + " {{ m.content }}{% endfor %}{% if add_generation_prompt %} w3{% endif %}");
    ChatRequest request =
        new ChatRequest(
            "tiny", List.of(ChatMessage.user("w9"), ChatMessage.assistant("w8")), OPTIONS);
    assertThat(rows(model, request).get(0).prompt()).containsExactly(BEGIN, 1, 9, 2, 8, 3);
    assertThat(model.tasks()).containsExactlyInAnyOrder(Task.CHAT_COMPLETIONS, Task.COMPLETIONS);
  }

  @Test
  void limit_is_that_of_the_request_else_openais_and_never_beyond_the_context() {
    GenerationModel model = model("{{ messages[0].content }}");
    assertThat(rows(model, complete(OPTIONS, text("w1"))).get(0).maxTokens()).isEqualTo(16);
    assertThat(rows(model, complete(OPTIONS.withMaxTokens(5), text("w1"))).get(0).maxTokens())
        .isEqualTo(5);
    assertThat(rows(model, complete(OPTIONS.withMaxTokens(500), text("w1"))).get(0).maxTokens())
        .isEqualTo(CONTEXT - 2);
    ChatRequest chat = new ChatRequest("tiny", List.of(ChatMessage.user("w1 w1")), OPTIONS);
    assertThat(rows(model, chat).get(0).maxTokens()).isEqualTo(CONTEXT - 2);
  }

  @Test
  void prompt_that_leaves_no_room_is_too_large() {
    Prompt full = new Tokens(Collections.nCopies(CONTEXT, 1));
    FailureException e = refused(model(null), complete(OPTIONS, full));
    assertThat(e.failure().code()).isEqualTo(ErrorCode.INPUT_TOO_LARGE);
    assertThat(e).hasMessageContaining("32 tokens (expected: less than 32 tokens");
    Prompt fits = new Tokens(Collections.nCopies(CONTEXT - 1, 1));
    assertThat(rows(model(null), complete(OPTIONS, fits)).get(0).maxTokens()).isEqualTo(1);
    FailureException huge = refused(model(null), complete(OPTIONS, text("w1 ".repeat(5000))));
    assertThat(huge.failure().code()).isEqualTo(ErrorCode.INPUT_TOO_LARGE);
    assertThat(huge).hasMessageContaining("15000 characters");
  }

  @Test
  void wrong_ids_and_formats_are_named() {
    for (int id : new int[] {-1, WORDS + 2}) {
      FailureException e = refused(model(null), complete(OPTIONS, new Tokens(List.of(1, id))));
      assertThat(e.failure().code()).isEqualTo(ErrorCode.INVALID_BODY);
      assertThat(e).hasMessageContaining("prompt: token " + id + " (expected: 0..41)");
    }
    assertThat(refused(model(null), complete(OPTIONS, new Tokens(List.of()))))
        .hasMessageContaining("no tokens (expected: at least one)");
    GenerationOptions json =
        new GenerationOptions(0, 1, Sampling.GREEDY, false, "{\"type\":\"json_object\"}");
    assertThat(refused(model(null), complete(json, text("w1"))))
        .hasMessageContaining("response_format")
        .hasMessageContaining("json_object");
    assertThat(refused(model(null), complete(OPTIONS, text("w1 \ud800"))).failure().code())
        .isEqualTo(ErrorCode.INVALID_BODY);
  }

  @Test
  void model_without_template_does_not_chat() {
    GenerationModel model = model(null);
    assertThat(model.tasks()).containsExactly(Task.COMPLETIONS);
    ChatRequest chat = new ChatRequest("tiny", List.of(ChatMessage.user("w1")), OPTIONS);
    assertThat(refused(model, chat).failure().code()).isEqualTo(ErrorCode.UNKNOWN_TASK);
  }

  @Test
  void what_the_template_refuses_is_the_clients_error_and_its_own_defect_is_not() {
    ChatRequest chat = new ChatRequest("tiny", List.of(ChatMessage.user("w1")), OPTIONS);
    FailureException raised = refused(model("{{ raise_exception('roles must alternate') }}"), chat);
    assertThat(raised.failure().code()).isEqualTo(ErrorCode.INVALID_BODY);
    assertThat(raised).hasMessageContaining("messages: ").hasMessageContaining("must alternate");
    FailureException defect = refused(model("{{ messages[0].content + 1 }}"), chat);
    assertThat(defect.failure().code()).isEqualTo(ErrorCode.INTERNAL_ERROR);
  }
}
