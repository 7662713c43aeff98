package dev.headrace.worker.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.ClassificationsRequest.Label;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.body.VectorEncoding;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.TrainedLabels;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TasksTest {
  private final WordModel model = WordModel.named("words");
  private final TaskReader reader = new TaskReader(BodyLimits.DEFAULT);

  private Work read(Task task, byte[] body) {
    return reader.read(Requests.request("id").task(task).body(body).build(), body, model);
  }

  private Work embeddings(VectorEncoding encoding, int dimensions, String... texts) {
    return read(
        Task.EMBEDDINGS,
        new EmbeddingsRequest("words", List.of(texts), encoding, dimensions).encode());
  }

  private static List<RowOutput> run(List<Row> rows) {
    return rows.stream().map(WordModel::output).toList();
  }

  @Test
  void embeddings_come_back_in_order_in_both_encodings_with_their_tokens() {
    for (VectorEncoding encoding : VectorEncoding.values()) {
      Work work = embeddings(encoding, 0, "a b c", "a a");
      byte[] body = work.response(run(work.rows()), List.of());
      EmbeddingsResponse response = EmbeddingsResponse.parse(body);
      assertThat(response.vectors())
          .containsExactly(WordModel.vector("a b c"), WordModel.vector("a a"));
      assertThat(response.promptTokens()).isEqualTo(5);
      assertThat(new String(body, StandardCharsets.UTF_8).contains("\"embedding\":\""))
          .isEqualTo(encoding == VectorEncoding.BASE64);
    }
  }

  @Test
  void shortened_vectors_have_length_one_again() {
    Work work = embeddings(VectorEncoding.BASE64, 2, "a a a b b b b z z");
    EmbeddingsResponse response =
        EmbeddingsResponse.parse(work.response(run(work.rows()), List.of()));
    assertThat(response.vectors().get(0)).containsExactly(new float[] {0.6f, 0.8f});
  }

  @Test
  void shortened_zero_vector_stays_zero() {
    Work work = embeddings(VectorEncoding.BASE64, 2, "z z");
    EmbeddingsResponse response =
        EmbeddingsResponse.parse(work.response(run(work.rows()), List.of()));
    assertThat(response.vectors().get(0)).containsExactly(0f, 0f);
  }

  @Test
  void more_dimensions_than_the_model_has_are_refused() {
    assertThatThrownBy(() -> embeddings(VectorEncoding.FLOAT, 27, "a"))
        .hasMessage("invalid_body: dimensions: 27 (expected: 1..26)");
  }

  @Test
  void body_for_another_model_than_the_event_names_is_refused() {
    byte[] body = EmbeddingsRequest.of("other", List.of("a")).encode();
    assertThatThrownBy(() -> read(Task.EMBEDDINGS, body))
        .hasMessage("invalid_body: model: other (expected: words as in ce_model)");
  }

  @Test
  void output_that_is_no_number_fails_its_request() {
    Work work = embeddings(VectorEncoding.BASE64, 0, "a");
    float[] bad = {1, Float.NaN};
    assertThatThrownBy(() -> work.response(List.of(new RowOutput.Vector(bad)), List.of()))
        .hasMessage("internal_error: row 0: NaN in the model's output (expected: finite)");
  }

  @Test
  void failed_row_fails_its_request_with_its_own_failure() {
    Work work = embeddings(VectorEncoding.BASE64, 0, "a");
    Failure failure = new Failure(ErrorCode.OUT_OF_MEMORY, "row");
    assertThatThrownBy(() -> work.response(List.of(new RowOutput.Failed(failure)), List.of()))
        .isInstanceOfSatisfying(
            FailureException.class, e -> assertThat(e.failure()).isEqualTo(failure));
  }

  private Work classification(List<Label> labels, String... texts) {
    return read(
        Task.CLASSIFICATIONS, new ClassificationsRequest("words", List.of(texts), labels).encode());
  }

  @Test
  void text_gets_the_label_whose_description_is_nearest() {
    List<Label> labels = List.of(new Label("first", "a b"), new Label("second", "y z"));
    Work work = classification(labels, "a a b b", "z z y", "a z");
    assertThat(work.sharedTexts()).containsExactly("a b", "y z");
    ClassificationsResponse response =
        ClassificationsResponse.parse(
            work.response(
                run(work.rows()), List.of(WordModel.vector("a b"), WordModel.vector("y z"))));
    assertThat(response.results())
        .extracting(ClassificationsResponse.Result::label)
        .containsExactly("first", "second", "first");
    // softmax(20 · (1, 0)), and a tie.
    assertThat(response.results().get(0).scores().get(0).score())
        .isCloseTo(1 / (1 + Math.exp(-20)), within(1e-12));
    assertThat(response.results().get(2).scores().get(1).score()).isCloseTo(0.5, within(1e-9));
    assertThat(response.promptTokens()).isEqualTo(9);
  }

  @Test
  void label_without_likeness_to_anything_does_no_harm() {
    List<Label> labels = List.of(new Label("none", "1 2"), new Label("some", "a"));
    Work work = classification(labels, "1");
    ClassificationsResponse response =
        ClassificationsResponse.parse(
            work.response(run(work.rows()), List.of(WordModel.vector("1"), WordModel.vector("a"))));
    assertThat(response.results().get(0).scores())
        .allSatisfy(s -> assertThat(s.score()).isCloseTo(0.5, within(1e-9)));
  }

  private static ServedModel trained(boolean multiLabel) {
    return new ServedModel() {
      @Override
      public String name() {
        return "words";
      }

      @Override
      public String revision() {
        return "r1";
      }

      @Override
      public Set<Task> tasks() {
        return Set.of(Task.CLASSIFICATIONS);
      }

      @Override
      public int dimension() {
        return 3;
      }

      @Override
      public Optional<TrainedLabels> trainedLabels() {
        return Optional.of(new TrainedLabels(List.of("low", "mid", "high"), multiLabel));
      }

      @Override
      public List<Row> rows(List<String> texts) {
        return WordModel.named("words").rows(texts);
      }
    };
  }

  private ClassificationsResponse.Result classified(boolean multiLabel, float... logits) {
    byte[] body = new ClassificationsRequest("words", List.of("a b"), List.of()).encode();
    Work work =
        reader.read(
            Requests.request("id").task(Task.CLASSIFICATIONS).body(body).build(),
            body,
            trained(multiLabel));
    assertThat(work.sharedTexts()).isEmpty();
    byte[] response = work.response(List.of(new RowOutput.Vector(logits)), List.of());
    return ClassificationsResponse.parse(response).results().get(0);
  }

  @Test
  void trained_labels_get_a_softmax_of_their_logits() {
    ClassificationsResponse.Result result = classified(false, 0f, (float) Math.log(2), 0f);
    assertThat(result.label()).isEqualTo("mid");
    assertThat(result.scores().get(0).score()).isCloseTo(0.5, within(1e-6));
    assertThat(result.scores().get(1).score()).isCloseTo(0.25, within(1e-6));
  }

  @Test
  void trained_labels_that_may_all_apply_get_a_sigmoid_each() {
    ClassificationsResponse.Result result = classified(true, 0f, -2f, (float) Math.log(3));
    assertThat(result.label()).isEqualTo("high");
    assertThat(result.scores().get(0).score()).isCloseTo(0.75, within(1e-6));
    assertThat(result.scores().get(1).score()).isCloseTo(0.5, within(1e-6));
  }

  @Test
  void labels_are_required_of_models_without_and_refused_for_models_with_labels_of_their_own() {
    assertThatThrownBy(() -> classification(List.of(), "a"))
        .hasMessage(
            "invalid_body: labels: missing (expected: an array, words has none of its own)");
    byte[] body =
        new ClassificationsRequest(
                "words", List.of("a"), List.of(new Label("x", "x"), new Label("y", "y")))
            .encode();
    assertThatThrownBy(
            () ->
                reader.read(
                    Requests.request("id").task(Task.CLASSIFICATIONS).body(body).build(),
                    body,
                    trained(true)))
        .hasMessage("invalid_body: labels: 2 labels (expected: none, words has labels of its own)");
  }
}
