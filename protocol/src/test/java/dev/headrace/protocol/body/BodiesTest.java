package dev.headrace.protocol.body;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.body.ClassificationsRequest.Label;
import dev.headrace.protocol.testing.Golden;
import dev.headrace.protocol.testing.Values;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BodiesTest {
  private static final BodyLimits LIMITS = new BodyLimits(3, 20, 4);

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void assertFails(ErrorCode code, String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            FailureException.class,
            e -> assertThat(e.failure()).isEqualTo(new Failure(code, message)));
  }

  private static void embed(String json) {
    EmbeddingsRequest.parse(utf8(json), LIMITS);
  }

  private static void classify(String json) {
    ClassificationsRequest.parse(utf8(json), LIMITS);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          []                                          | body: empty array (expected: a JSON object)
          null                                        | body: null (expected: a JSON object)
          "x"                                         | body: a string (expected: a JSON object)
          {}                                          | model: missing (expected: a string)
          {"model":1}                                 | model: 1 (expected: a string that is not empty)
          {"model":""}                                | model: empty string (expected: a string that is not empty)
          {"model":"m"}                               | input: missing (expected: a string or strings)
          {"model":"m","input":null}                  | input: missing (expected: a string or strings)
          {"model":"m","input":7}                     | input: 7 (expected: a string or an array of strings, not empty)
          {"model":"m","input":[]}                    | input: empty array (expected: a string or an array of strings, not empty)
          {"model":"m","input":[["x"]]}               | input[0]: an array (expected: a string)
          {"model":"m","input":["x",{}]}              | input[1]: an object (expected: a string)
          {"model":"m","input":""}                    | input: empty (expected: a string that is not empty)
          {"model":"m","input":"\\ud83d"}             | input: half of a surrogate pair (expected: Unicode)
          {"model":"m","input":"x","encoding_format":"hex"} | encoding_format: hex (expected: float or base64)
          {"model":"m","input":"x","encoding_format":3}     | encoding_format: 3 (expected: float or base64)
          {"model":"m","input":"x","dimensions":0}    | dimensions: 0 (expected: an integer >= 1)
          {"model":"m","input":"x","dimensions":1.5}  | dimensions: 1.5 (expected: an integer >= 1)
          {"model":"m","input":"x","dimensions":99999999999999999999} | dimensions: 99999999999999999999 (expected: an integer >= 1)
          {"model":"m","input":"x","dimensions":"8"}  | dimensions: a string (expected: an integer >= 1)
          """)
  void wrong_embeddings_request_is_told_field_value_and_expectation(String json, String message) {
    assertFails(ErrorCode.INVALID_BODY, message, () -> embed(json));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"model":"m","input":"x","labels":[]}              | labels: empty array (expected: an array of at least two labels)
          {"model":"m","input":"x","labels":"a,b"}           | labels: a string (expected: an array of at least two labels)
          {"model":"m","input":"x","labels":["a"]}           | labels: an array (expected: an array of at least two labels)
          {"model":"m","input":"x","labels":["a","a"]}       | labels[1]: a name given twice (expected: unique names)
          {"model":"m","input":"x","labels":["a"," "]}       | labels[1]: a string (expected: a string that is not blank)
          {"model":"m","input":"x","labels":["a",3]}         | labels[1]: 3 (expected: a string or an object with name)
          {"model":"m","input":"x","labels":["a",{}]}        | labels[1].name: null (expected: a string that is not blank)
          {"model":"m","input":"x","labels":["a",{"name":"b","description":1}]} | labels[1].description: 1 (expected: a string that is not blank)
          {"model":"m","input":"x","labels":["a","\\udc00"]} | labels[1]: half of a surrogate pair (expected: Unicode)
          """)
  void wrong_classifications_request_is_told_field_value_and_expectation(
      String json, String message) {
    assertFails(ErrorCode.INVALID_BODY, message, () -> classify(json));
  }

  @Test
  void what_is_larger_than_a_limit_is_too_large() {
    assertFails(
        ErrorCode.INPUT_TOO_LARGE,
        "input: 4 texts (expected: at most 3)",
        () -> embed("{\"model\":\"m\",\"input\":[\"a\",\"b\",\"c\",\"d\"]}"));
    assertFails(
        ErrorCode.INPUT_TOO_LARGE,
        "input[0]: 21 characters (expected: at most 20)",
        () -> embed("{\"model\":\"m\",\"input\":[\"" + "x".repeat(21) + "\"]}"));
    assertFails(
        ErrorCode.INPUT_TOO_LARGE,
        "labels: 5 labels (expected: at most 4)",
        () -> classify("{\"model\":\"m\",\"input\":\"x\",\"labels\":[1,2,3,4,5]}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{\"model\"}",
        "{\"model\":\"m\",\"model\":\"m\",\"input\":\"x\"}",
        "{\"model\":\"m\",\"input\":\"x\"} {}",
        "{\"model\":\"m\",\"input\":NaN}",
        "{'model':'m'}",
        "{\"model\":\"m\",\"input\":\"\\x\"}",
        "\u0000",
        "\ufeff{}"
      })
  void what_is_no_json_is_an_invalid_body(String json) {
    assertInvalid(utf8(json));
  }

  private static void assertInvalid(byte[] body) {
    assertThatThrownBy(() -> EmbeddingsRequest.parse(body, BodyLimits.DEFAULT))
        .isInstanceOfSatisfying(
            FailureException.class,
            e -> assertThat(e.failure().code()).isEqualTo(ErrorCode.INVALID_BODY));
  }

  @Test
  void nesting_numbers_and_encodings_without_limit_are_invalid_bodies() {
    assertInvalid(utf8("[".repeat(1_000_000)));
    assertInvalid(utf8("{\"model\":".repeat(100_000)));
    assertInvalid(utf8("{\"model\":\"m\",\"dimensions\":" + "9".repeat(100_000) + "}"));
    assertInvalid(utf8("{\"model\":\"m\",\"input\":\"x\",\"dimensions\":1e999999999}"));
    assertInvalid("{\"model\":\"m\",\"input\":\"x\"}".getBytes(StandardCharsets.UTF_16BE));
    assertInvalid("{\"model\":\"m\",\"input\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1));
    assertInvalid(new byte[] {'{', '"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"', '}'});
  }

  @Test
  void defaults_and_unknown_fields() {
    EmbeddingsRequest request =
        EmbeddingsRequest.parse(
            utf8("{\"user\":\"u\",\"input\":\"x\",\"model\":\"m\",\"dimensions\":null}"), LIMITS);
    assertThat(request)
        .isEqualTo(new EmbeddingsRequest("m", List.of("x"), VectorEncoding.FLOAT, 0));
  }

  @Test
  void half_surrogate_cannot_be_written() {
    assertThatThrownBy(() -> EmbeddingsRequest.of("m", List.of("\ud83d")).encode())
        .isInstanceOfSatisfying(
            FailureException.class,
            e -> assertThat(e.failure().code()).isEqualTo(ErrorCode.INVALID_BODY));
  }

  @Test
  void bodies_have_the_shapes_of_the_api() {
    Golden.assertBytes(
        "body-embeddings-request",
        new EmbeddingsRequest("m", List.of("a", "\u00e9"), VectorEncoding.BASE64, 8).encode());
    EmbeddingsResponse embeddings =
        new EmbeddingsResponse("m", List.of(new float[] {1, -0.5f}, new float[] {0.1f, 0}), 7);
    Golden.assertBytes("body-embeddings-float", embeddings.encode(VectorEncoding.FLOAT));
    Golden.assertBytes("body-embeddings-base64", embeddings.encode(VectorEncoding.BASE64));
    Golden.assertBytes(
        "body-classifications-request",
        new ClassificationsRequest(
                "m", List.of("a"), List.of(new Label("x", "about x"), new Label("y", "y")))
            .encode());
    Golden.assertBytes(
        "body-classifications",
        new ClassificationsResponse(
                "m",
                List.of(
                    new ClassificationsResponse.Result(
                        "x",
                        List.of(
                            new ClassificationsResponse.Score("x", 0.75),
                            new ClassificationsResponse.Score("y", 0.25)))),
                3)
            .encode());
    Golden.assertBytes(
        "body-error", ErrorBody.encode(new Failure(ErrorCode.UNKNOWN_MODEL, "model: x")));
  }

  private static Arbitrary<List<String>> texts() {
    return Values.text(20).list().ofMinSize(1).ofMaxSize(3);
  }

  @Provide
  Arbitrary<EmbeddingsRequest> embeddings() {
    return Combinators.combine(
            Values.text(20),
            texts(),
            Arbitraries.of(VectorEncoding.class),
            Arbitraries.integers().between(0, Integer.MAX_VALUE))
        .as(EmbeddingsRequest::new);
  }

  @Provide
  Arbitrary<ClassificationsRequest> classifications() {
    Arbitrary<String> name = Values.text(20).filter(t -> !t.isBlank());
    Arbitrary<List<Label>> labels =
        Combinators.combine(name, name)
            .as(Label::new)
            .list()
            .ofMinSize(2)
            .ofMaxSize(4)
            .uniqueElements(Label::name);
    return Combinators.combine(Values.text(20), texts(), labels).as(ClassificationsRequest::new);
  }

  @Property(tries = 300)
  void embeddings_request_is_parsed_as_it_was(@ForAll("embeddings") EmbeddingsRequest request) {
    assertThat(EmbeddingsRequest.parse(request.encode(), LIMITS)).isEqualTo(request);
  }

  @Property(tries = 300)
  void classifications_request_is_parsed_as_it_was(
      @ForAll("classifications") ClassificationsRequest request) {
    assertThat(ClassificationsRequest.parse(request.encode(), LIMITS)).isEqualTo(request);
  }

  @Property(tries = 300)
  void vectors_are_parsed_bit_by_bit(
      @ForAll float[] vector, @ForAll VectorEncoding encoding, @ForAll("model") String model) {
    EmbeddingsResponse response = new EmbeddingsResponse(model, List.of(vector, vector), 5);
    EmbeddingsResponse parsed = EmbeddingsResponse.parse(response.encode(encoding));

    assertThat(parsed.vectors()).hasSize(2);
    assertThat(parsed.vectors().get(1)).isEqualTo(vector);
    assertThat(parsed.model()).isEqualTo(model);
    assertThat(parsed.promptTokens()).isEqualTo(5);
  }

  @Provide
  Arbitrary<String> model() {
    return Values.text(20);
  }

  @Test
  void vector_with_something_that_is_no_number_is_invalid() {
    EmbeddingsResponse response = new EmbeddingsResponse("m", List.of(new float[] {Float.NaN}), 1);
    assertThatThrownBy(() -> EmbeddingsResponse.parse(response.encode(VectorEncoding.FLOAT)))
        .hasMessageContaining("embedding: a string (expected: numbers)");
  }

  @Property(tries = 1000, edgeCases = EdgeCasesMode.NONE)
  void damaged_body_is_a_body_or_an_invalid_one(
      @ForAll("classifications") ClassificationsRequest request, @ForAll long seed) {
    byte[] body = damage(request.encode(), new Random(seed));
    List<Runnable> parsers = new ArrayList<>();
    parsers.add(() -> ClassificationsRequest.parse(body, LIMITS).encode());
    parsers.add(() -> EmbeddingsRequest.parse(body, LIMITS).encode());
    parsers.add(() -> EmbeddingsResponse.parse(body));
    parsers.add(() -> ClassificationsResponse.parse(body));
    for (Runnable parser : parsers) {
      try {
        parser.run();
      } catch (FailureException e) {
        assertThat(e.failure().code().kind()).isEqualTo(ErrorKind.INVALID_REQUEST);
      }
    }
  }

  private static byte[] damage(byte[] body, Random random) {
    byte[] damaged = body.clone();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      int at = random.nextInt(damaged.length);
      damaged[at] =
          random.nextBoolean()
              ? (byte) random.nextInt()
              : (byte) "{}[],:\"\\0-e".charAt(random.nextInt(11));
    }
    return random.nextInt(4) == 0
        ? Arrays.copyOf(damaged, random.nextInt(damaged.length))
        : damaged;
  }

  @Test
  void classification_by_the_models_own_labels_has_none_in_the_body() {
    ClassificationsRequest request = new ClassificationsRequest("m", List.of("x"), List.of());
    assertThat(new String(request.encode(), StandardCharsets.UTF_8))
        .isEqualTo("{\"model\":\"m\",\"input\":[\"x\"]}");
    assertThat(ClassificationsRequest.parse(request.encode(), BodyLimits.DEFAULT))
        .isEqualTo(request);
  }
}
