package dev.headrace.protocol.body;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.testing.Golden;
import dev.headrace.protocol.testing.Values;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
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

/** Bodies of reranking, token classification and masked fill. */
class EncoderTaskBodiesTest {
  private static final BodyLimits LIMITS = new BodyLimits(3, 20, 4);

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void assertFails(
      ErrorCode code, String message, Consumer<byte[]> parser, String json) {
    assertThatThrownBy(() -> parser.accept(utf8(json)))
        .isInstanceOfSatisfying(
            FailureException.class,
            e -> assertThat(e.failure()).isEqualTo(new Failure(code, message)));
  }

  private static void rerank(byte[] body) {
    RerankRequest.parse(body, LIMITS);
  }

  private static void tokens(byte[] body) {
    TokenClassificationsRequest.parse(body, LIMITS);
  }

  private static void fill(byte[] body) {
    FillMaskRequest.parse(body, LIMITS);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"model":"m","documents":["x"]}                        | query: missing (expected: a string)
          {"model":"m","query":"","documents":["x"]}             | query: empty (expected: a string that is not empty)
          {"model":"m","query":["q"],"documents":["x"]}          | query: an array (expected: a string)
          {"model":"m","query":"q"}                              | documents: missing (expected: an array)
          {"model":"m","query":"q","documents":"x"}              | documents: a string (expected: an array)
          {"model":"m","query":"q","documents":[]}               | documents: empty array (expected: at least one document)
          {"model":"m","query":"q","documents":["x",""]}         | documents[1]: empty (expected: a string that is not empty)
          {"model":"m","query":"q","documents":["x",7]}          | documents[1]: 7 (expected: a string or an object with text)
          {"model":"m","query":"q","documents":[null]}           | documents[0]: null (expected: a string or an object with text)
          {"model":"m","query":"q","documents":[{}]}             | documents[0].text: null (expected: a string)
          {"model":"m","query":"q","documents":[{"text":[]}]}    | documents[0].text: empty array (expected: a string)
          {"model":"m","query":"q","documents":["\\udc00"]}      | documents[0]: half of a surrogate pair (expected: Unicode)
          {"model":"m","query":"q","documents":["x"],"top_n":0}  | top_n: 0 (expected: an integer >= 1)
          {"model":"m","query":"q","documents":["x"],"top_n":"2"} | top_n: a string (expected: an integer >= 1)
          {"model":"m","query":"q","documents":["x"],"return_documents":1} | return_documents: 1 (expected: true or false)
          """)
  void wrong_rerank_request_is_told_field_value_and_expectation(String json, String message) {
    assertFails(ErrorCode.INVALID_BODY, message, EncoderTaskBodiesTest::rerank, json);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"model":"m"}                                               | input: missing (expected: a string or strings)
          {"model":"m","input":[]}                                    | input: empty array (expected: a string or an array of strings, not empty)
          {"model":"m","input":[["New","York"]]}                      | input[0]: an array (expected: a string)
          {"model":"m","input":"x","aggregation_strategy":"last"}     | aggregation_strategy: last (expected: one of none, simple, first, average, max)
          {"model":"m","input":"x","aggregation_strategy":1}          | aggregation_strategy: 1 (expected: one of none, simple, first, average, max)
          """)
  void wrong_token_classifications_request_is_told_field_value_and_expectation(
      String json, String message) {
    assertFails(ErrorCode.INVALID_BODY, message, EncoderTaskBodiesTest::tokens, json);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"model":"m"}                          | input: missing (expected: a string or strings)
          {"model":"m","input":""}               | input: empty (expected: a string that is not empty)
          {"model":"m","input":"x","top_k":0}    | top_k: 0 (expected: an integer >= 1)
          {"model":"m","input":"x","top_k":101}  | top_k: 101 (expected: 1..100)
          {"model":"m","input":"x","top_k":2.5}  | top_k: 2.5 (expected: an integer >= 1)
          """)
  void wrong_fill_mask_request_is_told_field_value_and_expectation(String json, String message) {
    assertFails(ErrorCode.INVALID_BODY, message, EncoderTaskBodiesTest::fill, json);
  }

  @Test
  void what_is_larger_than_a_limit_is_too_large() {
    assertFails(
        ErrorCode.INPUT_TOO_LARGE,
        "documents: 4 documents (expected: at most 3)",
        EncoderTaskBodiesTest::rerank,
        "{\"model\":\"m\",\"query\":\"q\",\"documents\":[1,2,3,4]}");
    assertFails(
        ErrorCode.INPUT_TOO_LARGE,
        "documents[0].text: 21 characters (expected: at most 20)",
        EncoderTaskBodiesTest::rerank,
        "{\"model\":\"m\",\"query\":\"q\",\"documents\":[{\"text\":\"" + "x".repeat(21) + "\"}]}");
    assertFails(
        ErrorCode.INPUT_TOO_LARGE,
        "query: 21 characters (expected: at most 20)",
        EncoderTaskBodiesTest::rerank,
        "{\"model\":\"m\",\"query\":\"" + "x".repeat(21) + "\",\"documents\":[\"a\"]}");
  }

  @Test
  void documents_are_strings_or_objects_with_a_text() {
    RerankRequest request =
        RerankRequest.parse(
            utf8(
                "{\"model\":\"m\",\"query\":\"q\",\"top_n\":null,"
                    + "\"documents\":[\"a\",{\"text\":\"b\",\"title\":\"t\"}]}"),
            LIMITS);
    assertThat(request).isEqualTo(new RerankRequest("m", "q", List.of("a", "b"), 0, false));
  }

  @Test
  void what_a_body_leaves_out_has_a_default() {
    assertThat(TokenClassificationsRequest.parse(utf8("{\"model\":\"m\",\"input\":\"x\"}"), LIMITS))
        .isEqualTo(new TokenClassificationsRequest("m", List.of("x"), Aggregation.SIMPLE));
    assertThat(FillMaskRequest.parse(utf8("{\"model\":\"m\",\"input\":\"x\"}"), LIMITS))
        .isEqualTo(new FillMaskRequest("m", List.of("x"), 5));
  }

  @Test
  void bodies_have_the_shapes_of_the_api() {
    Golden.assertBytes(
        "body-rerank-request",
        new RerankRequest("m", "q", List.of("a", "\u00e9"), 1, true).encode());
    Golden.assertBytes(
        "body-rerank",
        new RerankResponse(
                "m",
                List.of(
                    new RerankResponse.Result(1, 0.75, "\u00e9"),
                    new RerankResponse.Result(0, 0.25, null)),
                9)
            .encode());
    Golden.assertBytes(
        "body-token-classifications-request",
        new TokenClassificationsRequest("m", List.of("a"), Aggregation.AVERAGE).encode());
    Golden.assertBytes(
        "body-token-classifications",
        new TokenClassificationsResponse(
                "m",
                List.of(
                    new TokenClassificationsResponse.Result(
                        List.of(
                            new TokenClassificationsResponse.Entity(
                                "LOC", 0.75, "New York", 12, 20)),
                        false),
                    new TokenClassificationsResponse.Result(List.of(), true)),
                11)
            .encode());
    Golden.assertBytes(
        "body-fill-mask-request", new FillMaskRequest("m", List.of("a [MASK]"), 2).encode());
    Golden.assertBytes(
        "body-fill-mask",
        new FillMaskResponse(
                "m",
                List.of(
                    List.of(
                        List.of(
                            new FillMaskResponse.Candidate(7, " b", 0.75),
                            new FillMaskResponse.Candidate(9, "c", 0.125)))),
                5)
            .encode());
    Golden.assertBytes(
        "body-embeddings-prompt",
        new EmbeddingsRequest("m", List.of("a"), VectorEncoding.BASE64, 0, "query").encode());
  }

  private static Arbitrary<List<String>> texts() {
    return Values.text(20).list().ofMinSize(1).ofMaxSize(3);
  }

  @Provide
  Arbitrary<RerankRequest> reranks() {
    return Combinators.combine(
            Values.text(20),
            Values.text(20),
            texts(),
            Arbitraries.integers().between(0, Integer.MAX_VALUE),
            Arbitraries.of(true, false))
        .as(RerankRequest::new);
  }

  @Property(tries = 300)
  void rerank_request_is_parsed_as_it_was(@ForAll("reranks") RerankRequest request) {
    assertThat(RerankRequest.parse(request.encode(), LIMITS)).isEqualTo(request);
  }

  @Property(tries = 100)
  void other_requests_are_parsed_as_they_were(
      @ForAll("reranks") RerankRequest from, @ForAll Aggregation aggregation) {
    TokenClassificationsRequest tokens =
        new TokenClassificationsRequest(from.model(), from.documents(), aggregation);
    assertThat(TokenClassificationsRequest.parse(tokens.encode(), LIMITS)).isEqualTo(tokens);
    FillMaskRequest fill =
        new FillMaskRequest(from.model(), from.documents(), 1 + from.topN() % 100);
    assertThat(FillMaskRequest.parse(fill.encode(), LIMITS)).isEqualTo(fill);
    EmbeddingsRequest embed =
        new EmbeddingsRequest(
            from.model(), from.documents(), VectorEncoding.FLOAT, 0, from.query());
    assertThat(EmbeddingsRequest.parse(embed.encode(), LIMITS)).isEqualTo(embed);
  }

  @Test
  void responses_are_parsed_as_they_were() {
    RerankResponse rerank =
        new RerankResponse(
            "m",
            List.of(
                new RerankResponse.Result(3, -1.5, "d"), new RerankResponse.Result(0, -2, null)),
            4);
    assertThat(RerankResponse.parse(rerank.encode())).isEqualTo(rerank);
    TokenClassificationsResponse tokens =
        new TokenClassificationsResponse(
            "m",
            List.of(
                new TokenClassificationsResponse.Result(
                    List.of(new TokenClassificationsResponse.Entity("L", 0.5, "t", 1, 2)), true)),
            4);
    assertThat(TokenClassificationsResponse.parse(tokens.encode())).isEqualTo(tokens);
    FillMaskResponse fill =
        new FillMaskResponse(
            "m",
            List.of(
                List.of(List.of(new FillMaskResponse.Candidate(1, "t", 0.5)), List.of()),
                List.of()),
            4);
    assertThat(FillMaskResponse.parse(fill.encode())).isEqualTo(fill);
  }

  @Property(tries = 1000, edgeCases = EdgeCasesMode.NONE)
  void damaged_body_is_a_body_or_an_invalid_one(
      @ForAll("reranks") RerankRequest request, @ForAll long seed) {
    byte[] body = request.encode();
    Random random = new Random(seed);
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      body[random.nextInt(body.length)] = (byte) "{}[],:\"\\0-e".charAt(random.nextInt(11));
    }
    List<Consumer<byte[]>> parsers =
        List.of(
            b -> RerankRequest.parse(b, LIMITS).encode(),
            b -> TokenClassificationsRequest.parse(b, LIMITS).encode(),
            b -> FillMaskRequest.parse(b, LIMITS).encode(),
            RerankResponse::parse,
            TokenClassificationsResponse::parse,
            FillMaskResponse::parse);
    for (Consumer<byte[]> parser : parsers) {
      try {
        parser.accept(body);
      } catch (FailureException e) {
        assertThat(e.failure().code().kind()).isEqualTo(ErrorKind.INVALID_REQUEST);
      }
    }
  }
}
