package dev.headrace.worker.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.task.TaskReader;
import dev.headrace.worker.task.Work;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PreparerTest {
  private final WordModel model = WordModel.named("words");
  private final List<SharedRows> wanted = new ArrayList<>();
  private final List<Rendered> out = new ArrayList<>();
  private BodyStore bodies = key -> Optional.empty();
  private final Preparer preparer =
      new Preparer(new TaskReader(BodyLimits.DEFAULT), key -> bodies.fetch(key), 4, wanted::add);

  private ToPrepare item(Requests request) {
    return new ToPrepare(1, request.build(), model);
  }

  private ToPrepare embedding(long job, String text) {
    return new ToPrepare(job, Requests.embeddings("id", text).build(), model);
  }

  private ToPrepare classification(long job, String... labels) {
    return new ToPrepare(job, Requests.classification("id", "a b", labels).build(), model);
  }

  private Work ready(ToPrepare item) {
    return ((Prepared.Ready) preparer.prepare(item)).work();
  }

  private Failure refused(ToPrepare item) {
    return ((Prepared.Refused) preparer.prepare(item)).failure();
  }

  private void render(long job, Work work) {
    List<RowOutput> outputs = work.rows().stream().map(WordModel::output).toList();
    preparer.render(new ToRender(job, model, work, outputs), out);
  }

  private void arrive(SharedRows rows) {
    preparer.arrived(rows, rows.rows().stream().map(WordModel::output).toList(), out);
  }

  @Test
  void wrong_bodies_are_refused_with_their_reason() {
    byte[] latin1 =
        "{\"model\":\"words\",\"input\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(refused(item(Requests.request("id").body(latin1))).code())
        .isEqualTo(ErrorCode.INVALID_BODY);
    assertThat(refused(item(Requests.request("id").body(new byte[] {'{'}))).code())
        .isEqualTo(ErrorCode.INVALID_BODY);
    assertThat(refused(embedding(1, "x".repeat(1_000_001))).code())
        .isEqualTo(ErrorCode.INPUT_TOO_LARGE);
  }

  @Test
  void defect_in_a_tokenizer_is_this_requests_failure_only() {
    assertThat(refused(embedding(1, "defect in the tokenizer")).code())
        .isEqualTo(ErrorCode.INTERNAL_ERROR);
    assertThat(ready(embedding(2, "fine")).rows()).hasSize(1);
  }

  @Test
  void body_by_reference_is_fetched() {
    bodies = key -> Optional.of(EmbeddingsRequest.of("words", List.of(key)).encode());
    Work work =
        ready(item(Requests.request("id").payload(Payload.byReference("three words here"))));
    assertThat(work.tokens()).isEqualTo(3);
  }

  @Test
  void body_that_is_gone_is_lost() {
    assertThat(refused(item(Requests.request("id").payload(Payload.byReference("key")))))
        .isEqualTo(
            new Failure(ErrorCode.PAYLOAD_LOST, "body: nothing under key (expected: the body)"));
  }

  @Test
  void store_that_is_away_is_told_apart_from_a_body_that_is_gone() {
    bodies =
        key -> {
          throw new FailureException(ErrorCode.STORE_UNAVAILABLE, "away");
        };
    assertThat(refused(item(Requests.request("id").payload(Payload.byReference("key")))).code())
        .isEqualTo(ErrorCode.STORE_UNAVAILABLE);
  }

  @Test
  void result_may_be_cached_only_under_the_key_of_this_revision() {
    Requests leading = Requests.embeddings("id", "a").leading();
    assertThat(cacheable(item(leading))).isTrue();
    assertThat(cacheable(item(Requests.embeddings("id", "a")))).isFalse();
    assertThat(cacheable(item(Requests.embeddings("id", "a").unrouted()))).isFalse();
    WordModel newer = new WordModel("words", "r2", model.tasks());
    assertThat(cacheable(new ToPrepare(1, leading.build(), newer))).isFalse();
  }

  private boolean cacheable(ToPrepare item) {
    return ((Prepared.Ready) preparer.prepare(item)).cacheable();
  }

  @Test
  void label_descriptions_run_once_for_all_requests_that_share_them() {
    Work first = ready(classification(1, "a", "b"));
    Work second = ready(classification(2, "b", "c"));
    assertThat(wanted)
        .extracting(SharedRows::texts)
        .containsExactly(List.of("a", "b"), List.of("c"));
    assertThat(wanted).extracting(SharedRows::firstJob).containsExactly(1L, 2L);
    render(1, first);
    render(2, second);
    assertThat(out).isEmpty();
    arrive(wanted.get(0));
    assertThat(out).extracting(Rendered::job).containsExactly(1L);
    arrive(wanted.get(1));
    assertThat(out).extracting(Rendered::job).containsExactly(1L, 2L);
    render(3, ready(classification(3, "c", "a")));
    assertThat(out).hasSize(3);
    assertThat(wanted).hasSize(2);
    byte[] response = ((Rendered.Response) out.get(2)).body();
    assertThat(ClassificationsResponse.parse(response).results().get(0).label()).isEqualTo("a");
  }

  @Test
  void forgotten_descriptions_are_run_again_even_if_there_are_more_than_are_remembered() {
    Work work = ready(classification(1, "a", "b", "c", "d", "e", "f"));
    arrive(wanted.get(0));
    render(1, work);
    assertThat(out).isEmpty();
    // Two were dropped meanwhile.
    assertThat(wanted.get(1).texts()).containsExactly("a", "b");
    arrive(wanted.get(1));
    assertThat(out).extracting(Rendered::job).containsExactly(1L);
  }

  @Test
  void failed_descriptions_fail_those_who_wait_and_may_be_tried_again() {
    Work work = ready(classification(1, "a", "b"));
    render(1, work);
    Failure failure = new Failure(ErrorCode.OUT_OF_MEMORY, "full");
    preparer.failed(wanted.get(0), failure, out);
    assertThat(out).containsExactly(new Rendered.Refused(1, failure));
    ready(classification(2, "a", "b"));
    assertThat(wanted).hasSize(2);
  }

  @Test
  void description_that_cannot_be_tokenised_fails_its_request_only() {
    assertThat(refused(classification(1, "a", "defect in the tokenizer")).code())
        .isEqualTo(ErrorCode.INTERNAL_ERROR);
    Work work = ready(classification(2, "a", "b"));
    render(2, work);
    wanted.forEach(this::arrive);
    assertThat(out).extracting(Rendered::job).containsExactly(2L);
  }

  @Test
  void threads_that_share_descriptions_leave_no_request_without_its_vectors() throws Exception {
    int requests = 400;
    BlockingQueue<SharedRows> toRun = new LinkedBlockingQueue<>();
    Preparer shared =
        new Preparer(new TaskReader(BodyLimits.DEFAULT), key -> bodies.fetch(key), 3, toRun::add);
    Queue<Rendered> answers = new ConcurrentLinkedQueue<>();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    AtomicInteger jobs = new AtomicInteger();
    try {
      for (int t = 0; t < 3; t++) {
        threads.submit(
            () -> {
              for (int job = jobs.getAndIncrement(); job < requests; ) {
                ToPrepare item = classification(job, "a" + job % 5, "b" + job % 3, "c");
                Work work = ((Prepared.Ready) shared.prepare(item)).work();
                List<RowOutput> outputs = work.rows().stream().map(WordModel::output).toList();
                List<Rendered> written = new ArrayList<>();
                shared.render(new ToRender(job, model, work, outputs), written);
                answers.addAll(written);
                job = jobs.getAndIncrement();
              }
              return null;
            });
      }
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (answers.size() < requests && System.nanoTime() - end < 0) {
        SharedRows rows = toRun.poll(10, TimeUnit.MILLISECONDS);
        if (rows != null) {
          List<Rendered> written = new ArrayList<>();
          List<RowOutput> outputs = rows.rows().stream().map(WordModel::output).toList();
          shared.arrived(rows, outputs, written);
          answers.addAll(written);
        }
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(answers).hasOnlyElementsOfType(Rendered.Response.class);
    assertThat(answers.stream().map(Rendered::job).distinct()).hasSize(requests);
  }

  @Test
  void description_whose_vector_is_no_number_fails_those_who_wait() {
    Work work = ready(classification(1, "a", "b"));
    render(1, work);
    RowOutput bad = new RowOutput.Vector(new float[] {Float.NaN});
    preparer.arrived(wanted.get(0), List.of(bad, bad), out);
    assertThat(((Rendered.Refused) out.get(0)).failure().code())
        .isEqualTo(ErrorCode.INTERNAL_ERROR);
  }
}
