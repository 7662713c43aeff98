package dev.headrace.protocol.body;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertAll;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.GenerationResponse.Choice;
import dev.headrace.protocol.body.TokenLogprob.Alternative;
import dev.headrace.protocol.testing.Golden;
import dev.headrace.protocol.testing.Values;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationBodiesTest {
  private static final BodyLimits LIMITS = new BodyLimits(3, 200, 4);

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ChatRequest chat(String fields) {
    return ChatRequest.parse(
        utf8(
            "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"
                + (fields.isEmpty() ? "" : "," + fields)
                + "}"),
        LIMITS);
  }

  private static void assertInvalid(String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            FailureException.class,
            e -> assertThat(e.failure()).isEqualTo(new Failure(ErrorCode.INVALID_BODY, message)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "temperature":2.1          | temperature: 2.1 (expected: a number, 0..2)
          "temperature":"hot"        | temperature: a string (expected: a number, 0..2)
          "top_p":0                  | top_p: 0 (expected: over 0, at most 1)
          "top_p":1.5                | top_p: 1.5 (expected: a number, 0..1)
          "top_k":-2                 | top_k: -2 (expected: an integer, -1..1048576)
          "min_p":-0.1               | min_p: -0.1 (expected: a number, 0..1)
          "presence_penalty":3       | presence_penalty: 3 (expected: a number, -2..2)
          "repetition_penalty":0     | repetition_penalty: 0 (expected: over 0, at most 10)
          "n":0                      | n: 0 (expected: an integer, 1..128)
          "n":1.5                    | n: 1.5 (expected: an integer, 1..128)
          "max_tokens":0             | max_tokens: 0 (expected: an integer, 1..1048576)
          "max_tokens":5,"max_completion_tokens":6 | max_tokens: 5 (expected: the same as max_completion_tokens, or none)
          "seed":1.5                 | seed: 1.5 (expected: an integer of 64 bits)
          "stop":""                  | stop: empty (expected: a string that is not empty)
          "stop":["a",7]             | stop[1]: 7 (expected: a string)
          "stop_token_ids":[-1]      | stop_token_ids[0]: -1 (expected: the id of a token, >= 0)
          "stream":"yes"             | stream: a string (expected: true or false)
          "top_logprobs":3           | top_logprobs: 3 (expected: none unless logprobs is true)
          "logprobs":true,"top_logprobs":21 | top_logprobs: 21 (expected: an integer, 0..20)
          "logprobs":5               | logprobs: 5 (expected: true or false)
          "tools":[{}]               | tools: an array (expected: none, it is not supported)
          "logit_bias":{"5":1}       | logit_bias: an object (expected: none, it is not supported)
          "response_format":{"type":"xml"} | response_format.type: xml (expected: text, json_object or json_schema)
          "response_format":{"type":"json_schema"} | response_format.json_schema.schema: null (expected: an object)
          """)
  void wrong_option_is_told_field_value_and_expectation(String fields, String message) {
    assertInvalid(message, () -> chat(fields));
  }

  @Test
  void misspelt_field_is_an_error_that_lists_what_there_is() {
    assertThatThrownBy(() -> chat("\"max_token\":5"))
        .hasMessageContaining("max_token: unknown field (expected: one of frequency_penalty, ")
        .hasMessageContaining("max_tokens")
        .hasMessageNotContaining("tools");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"tools\":[]",
        "\"tools\":null",
        "\"user\":\"u\"",
        "\"metadata\":{\"a\":\"b\"}",
        "\"response_format\":{\"type\":\"text\"}",
        "\"top_k\":-1",
        "\"max_tokens\":null",
        "\"stream_options\":{\"include_usage\":true}"
      })
  void what_asks_for_nothing_is_read_over(String fields) {
    assertThat(chat(fields).options()).isEqualTo(GenerationOptions.DEFAULT);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          []                                        | messages: empty array (expected: at least one message)
          ["x"]                                     | messages[0]: a string (expected: an object with role and content)
          [{"role":"tool","content":"x"}]           | messages[0].role: tool (expected: one of system, developer, user, assistant)
          [{"role":"user"}]                         | messages[0].content: null (expected: a string or an array of parts of type text)
          [{"role":"user","content":[{"type":"image_url"}]}] | messages[0].content[0].type: image_url (expected: text)
          [{"role":"assistant","content":"x","tool_calls":[]}] | messages[0].tool_calls: given (expected: none: tools are not supported)
          [{"role":"user","content":"\\ud83d"}]     | messages[0].content: half of a surrogate pair (expected: Unicode)
          """)
  void wrong_message_is_told(String messages, String message) {
    assertInvalid(
        message,
        () -> ChatRequest.parse(utf8("{\"model\":\"m\",\"messages\":" + messages + "}"), LIMITS));
  }

  @Test
  void parts_of_text_are_joined_and_developer_is_system() {
    ChatRequest request =
        ChatRequest.parse(
            utf8(
                "{\"model\":\"m\",\"messages\":[{\"role\":\"developer\",\"content\":[{\"type\":"
                    + "\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}]}"),
            LIMITS);
    assertThat(request.messages()).containsExactly(ChatMessage.system("a\nb"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          7          | prompt: 7 (expected: a string, strings, token ids, or arrays of token ids)
          []         | prompt: empty array (expected: a string, strings, token ids, or arrays of token ids)
          ""         | prompt: empty (expected: a string that is not empty)
          ["a",[1]]  |
          [[1],[]]   | prompt[1]: 0 token ids (expected: 1..200 token ids)
          [1,"a"]    | prompt[1]: a string (expected: the id of a token, >= 0)
          """)
  void prompts_are_checked(String prompt, String message) {
    byte[] body = utf8("{\"model\":\"m\",\"prompt\":" + prompt + "}");
    if (message == null) {
      assertThat(CompletionRequest.parse(body, LIMITS).prompts()).hasSize(2);
    } else {
      assertInvalid(message, () -> CompletionRequest.parse(body, LIMITS));
    }
  }

  @Test
  void size_counts_prompts_choices_and_what_may_be_generated() {
    CompletionRequest request =
        new CompletionRequest(
            "m",
            List.of(
                new CompletionRequest.Text("x".repeat(40)),
                new CompletionRequest.Tokens(List.of(1, 2, 3, 4))),
            GenerationOptions.DEFAULT.withChoices(3).withMaxTokens(100));
    assertThat(request.size()).isEqualTo(new Size(6, 3 * (10 + 4), 600));
    assertThat(chat("").size().newTokens()).isEqualTo(GenerationRequest.USUAL_MAX_TOKENS);
  }

  @Test
  void only_greedy_seeded_or_single_candidate_texts_are_repeatable() {
    assertThat(chat("").options().sampling().repeatable()).isFalse();
    assertThat(chat("\"temperature\":0").options().sampling().repeatable()).isTrue();
    assertThat(chat("\"seed\":7").options().sampling().repeatable()).isTrue();
    assertThat(chat("\"top_k\":1").options().sampling().repeatable()).isTrue();
  }

  private static GenerationOptions allOptions() {
    Sampling sampling =
        new Sampling(
            0.7, 0.9, 40, 0.05, 0.5, -0.5, 1.1, 42L, List.of("\n\n", "END"), List.of(2), 2, true);
    return new GenerationOptions(64, 2, sampling, true, "{\"type\":\"json_object\"}");
  }

  @Test
  void golden_bytes() {
    ChatRequest chat =
        new ChatRequest(
            "m", List.of(ChatMessage.system("Be brief."), ChatMessage.user("Hi é")), allOptions());
    CompletionRequest completion =
        new CompletionRequest(
            "m",
            List.of(new CompletionRequest.Text("a"), new CompletionRequest.Tokens(List.of(5, 6))),
            GenerationOptions.DEFAULT.with(Sampling.GREEDY));
    GenerationChunk chunk =
        new GenerationChunk("r1", 7, "m", 1, "Hi", FinishReason.LENGTH, null, null);
    GenerationRequest streamed = chat.with(GenerationOptions.DEFAULT.streamed(true));
    byte[] partial =
        response().encodePartial(Task.CHAT_COMPLETIONS, "deadline_error", "expired", "too late");
    assertAll(
        () -> Golden.assertBytes("body-chat-request", chat.encode()),
        () -> Golden.assertBytes("body-chat-request-for-server", streamed.encode(true)),
        () -> Golden.assertBytes("body-completion-request", completion.encode()),
        () -> Golden.assertBytes("body-chat", response().encode(Task.CHAT_COMPLETIONS)),
        () -> Golden.assertBytes("body-completion", response().encode(Task.COMPLETIONS)),
        () -> Golden.assertBytes("body-chat-partial", partial),
        () -> Golden.assertBytes("body-chat-chunk", chunk.encode(Task.CHAT_COMPLETIONS)),
        () -> Golden.assertBytes("body-completion-chunk", chunk.encode(Task.COMPLETIONS)));
  }

  private static GenerationResponse response() {
    List<TokenLogprob> logprobs =
        List.of(
            new TokenLogprob(
                "Hé", -0.25, List.of(new Alternative("Hé", -0.25), new Alternative("x", -2))));
    return new GenerationResponse(
        "r1",
        1700000000,
        "m",
        List.of(
            new Choice(0, "Hé", FinishReason.STOP, logprobs),
            new Choice(1, "other", FinishReason.LENGTH, null)),
        new TokenUsage(11, 4, 8));
  }

  @Test
  void responses_come_back_as_they_were() {
    for (Task task : List.of(Task.CHAT_COMPLETIONS, Task.COMPLETIONS)) {
      assertThat(GenerationResponse.parse(response().encode(task))).isEqualTo(response());
    }
  }

  @Property(tries = 300)
  void requests_come_back_as_they_were(
      @ForAll("options") GenerationOptions options, @ForAll("texts") List<String> texts) {
    List<ChatMessage> messages = new ArrayList<>();
    texts.forEach(t -> messages.add(ChatMessage.user(t)));
    ChatRequest chat = new ChatRequest("m", messages, options);
    assertThat(ChatRequest.parse(chat.encode(), BodyLimits.DEFAULT)).isEqualTo(chat);
    List<CompletionRequest.Prompt> prompts = new ArrayList<>();
    texts.forEach(t -> prompts.add(new CompletionRequest.Text(t)));
    CompletionRequest completion = new CompletionRequest("m", prompts, options);
    assertThat(CompletionRequest.parse(completion.encode(), BodyLimits.DEFAULT))
        .isEqualTo(completion);
    assertThat(CompletionRequest.parse(completion.encode(true), BodyLimits.DEFAULT))
        .isEqualTo(completion);
  }

  @Provide
  Arbitrary<List<String>> texts() {
    return Values.text(30).list().ofMinSize(1).ofMaxSize(4);
  }

  @Provide
  Arbitrary<GenerationOptions> options() {
    Arbitrary<Sampling> sampling =
        Combinators.combine(
                Arbitraries.of(0.0, 0.3, 1.0, 2.0),
                Arbitraries.of(0.01, 0.5, 1.0),
                Arbitraries.of(0, 1, 50),
                Arbitraries.of(-2.0, 0.0, 0.25),
                Arbitraries.longs().injectNull(0.5),
                Values.text(8).list().ofMaxSize(3),
                Arbitraries.integers().between(0, 9).list().ofMaxSize(3),
                Arbitraries.integers().between(-1, 20))
            .as(
                (t, p, k, penalty, seed, stop, tokens, logprobs) ->
                    new Sampling(
                        t,
                        p,
                        k,
                        0.1,
                        penalty,
                        0.0 - penalty,
                        1.5,
                        seed,
                        stop,
                        tokens,
                        logprobs,
                        k == 1));
    return Combinators.combine(
            Arbitraries.of(0, 1, 500), Arbitraries.of(1, 3), sampling, Arbitraries.of(true, false))
        .as((max, n, s, stream) -> new GenerationOptions(max, n, s, stream, null));
  }

  @Test
  void mutated_bodies_fail_cleanly_or_parse() {
    Random random = new Random(5);
    byte[] good = new ChatRequest("m", List.of(ChatMessage.user("x")), allOptions()).encode();
    byte[] answer = response().encode(Task.CHAT_COMPLETIONS);
    for (int i = 0; i < 3000; i++) {
      byte[] a = good.clone();
      byte[] b = answer.clone();
      for (int n = random.nextInt(3); n >= 0; n--) {
        a[random.nextInt(a.length)] = (byte) random.nextInt(128);
        b[random.nextInt(b.length)] = (byte) random.nextInt(128);
      }
      try {
        ChatRequest.parse(a, LIMITS);
      } catch (FailureException e) {
        assertThat(e.failure().code().kind())
            .isEqualTo(dev.headrace.protocol.ErrorKind.INVALID_REQUEST);
      }
      try {
        GenerationResponse.parse(b);
      } catch (FailureException e) {
        assertThat(e.failure().code()).isEqualTo(ErrorCode.INVALID_BODY);
      }
    }
  }

  @Test
  void chunks_of_other_servers_are_read() {
    GenerationChunk first =
        GenerationChunk.parse(
            utf8("{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}"));
    assertThat(first.text()).isEmpty();
    assertThat(first.finish()).isNull();
    GenerationChunk usage =
        GenerationChunk.parse(
            utf8(
                "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,"
                    + "\"prompt_tokens_details\":{\"cached_tokens\":2}}}"));
    assertThat(usage.index()).isEqualTo(-1);
    assertThat(usage.usage()).isEqualTo(new TokenUsage(3, 4, 2));
  }

  @Test
  void error_messages_of_other_servers_are_found() {
    assertThat(ErrorBody.message(utf8("{\"error\":{\"message\":\"a\"}}"))).contains("a");
    assertThat(ErrorBody.message(utf8("{\"error\":\"b\"}"))).contains("b");
    assertThat(ErrorBody.message(utf8("{\"object\":\"error\",\"message\":\"c\"}"))).contains("c");
    assertThat(ErrorBody.message(utf8("<html>"))).isEmpty();
    assertThat(ErrorBody.message(utf8("{\"error\":{\"message\":7}}"))).isEmpty();
  }
}
