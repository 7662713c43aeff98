package dev.headrace.worker.loop;

import static dev.headrace.worker.testing.Requests.embeddings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.transport.redis.ResultCache;
import dev.headrace.transport.redis.ResultCache.Question;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Leaders and what they leave behind. */
class WorkerCacheTest {
  private final Cluster cluster = new Cluster();
  private final FakeRunner runner = new FakeRunner(WordModel.named("words"));
  private final TestWorker worker = new TestWorker(cluster, "w1", runner);

  private void follow(Requests leader, String... ids) {
    List<Question> questions = new ArrayList<>();
    questions.add(question(leader));
    for (String id : ids) {
      questions.add(
          new Question(
              leader.cacheKey(),
              Outcomes.waiting(Requests.request(id).build()),
              Duration.ofSeconds(30),
              true));
    }
    cluster.cache.resolve(questions);
  }

  private static Question question(Requests request) {
    return new Question(
        request.cacheKey(), Outcomes.waiting(request.build()), Duration.ofSeconds(30), true);
  }

  @Test
  void leader_answers_its_followers_and_fills_the_cache() {
    worker.started();
    Requests leader = embeddings("leader", "x").leading();
    follow(leader, "f1", "f2");
    cluster.add(leader);
    worker.run();
    for (String id : List.of("f1", "f2")) {
      Outcome outcome = cluster.outcome(id);
      assertThat(outcome.status()).isEqualTo(Status.OK);
      assertThat(outcome.detail(Detail.CACHE)).isEqualTo("coalesced");
      assertThat(outcome.detail(Detail.USD)).isEqualTo("0");
      assertThat(outcome.body()).isEqualTo(cluster.outcome("leader").body());
    }
    assertThat(cluster.published()).hasSize(3);
    assertThat(cluster.cache.lookup(List.of(leader.cacheKey())).get(0)).isPresent();
    assertThat(cluster.cache.leader(leader.cacheKey())).isNull();
  }

  @Test
  void leader_that_fails_makes_way_for_a_follower() {
    worker.started();
    Requests leader = embeddings("leader", "bad").leading();
    follow(leader, "f1");
    cluster.add(leader);
    runner.failOn("bad", ErrorCode.INTERNAL_ERROR);
    worker.run();
    assertThat(cluster.outcome("leader").status()).isEqualTo(Status.FAILED);
    assertThat(cluster.outcome("f1")).isNull();
    assertThat(cluster.cache.leader(leader.cacheKey())).isNull();
    assertThat(cluster.cache.lookup(List.of(leader.cacheKey())).get(0)).isEmpty();
  }

  @Test
  void result_of_another_revision_is_not_cached() {
    WordModel newer = new WordModel("words", "r2", Set.of(Task.EMBEDDINGS));
    TestWorker other = new TestWorker(cluster, "w2", new FakeRunner(newer)).started();
    Requests leader = embeddings("leader", "x").leading();
    follow(leader, "f1");
    cluster.add(leader);
    other.run();
    assertThat(cluster.outcome("leader").status()).isEqualTo(Status.OK);
    assertThat(cluster.outcome("f1")).isNull();
    assertThat(cluster.cache.resolve(List.of(question(leader))).get(0))
        .isInstanceOf(ResultCache.Place.Lead.class);
  }
}
