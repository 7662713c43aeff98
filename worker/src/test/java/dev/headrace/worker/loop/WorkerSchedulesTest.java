package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.CacheKey;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.redis.ResultCache.Place;
import dev.headrace.transport.redis.ResultCache.Question;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two workers and a small router under random schedules: polls, batches, failures of device, Redis
 * and Kafka, slots that move, workers that die. Whatever happens, every request ends once.
 */
class WorkerSchedulesTest {
  private static final int STEPS = 1500;
  private static final String[] WORDS = {
    "fine", "fine", "fine", "fine", "fine", "bad", "flaky", "long long long long long long long"
  };

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void every_request_ends_once_whatever_happens(long seed) {
    new Schedule(seed).play();
  }

  private static final class Schedule {
    final long seed;
    final Random random;
    final Cluster cluster = new Cluster();
    final TestWorker[] workers = new TestWorker[2];
    final Map<Slot, Integer> owners = new HashMap<>();
    final Set<String> ids = new HashSet<>();
    final Map<String, Outcome> first = new HashMap<>();
    final Map<String, Integer> routed = new HashMap<>();
    final List<Parked> parked = new ArrayList<>();
    int workerIds;
    int moves;

    record Parked(InferenceRequest request, long dueMs) {}

    Schedule(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
      for (int w = 0; w < 2; w++) {
        workers[w] = worker(null);
        Slot slot = new Slot(Cluster.WORK, w);
        owners.put(slot, w);
        workers[w].consumer.assign(slot);
      }
    }

    TestWorker worker(TestWorker crashed) {
      FakeRunner runner = new FakeRunner(WordModel.named("words"));
      runner.failOn("bad", ErrorCode.INTERNAL_ERROR);
      runner.memoryTokens = 20;
      TestWorker worker =
          new TestWorker(
              cluster,
              "w" + workerIds++,
              runner,
              crashed == null ? null : crashed.consumer,
              new IntakeConfig(40, 1 << 20, Duration.ofSeconds(5)));
      worker.openDevice();
      return worker;
    }

    void play() {
      for (int i = 0; i < STEPS; i++) {
        step();
        check();
      }
      cluster.outage.end();
      cluster.producer.failWith(null);
      cluster.producer.release();
      for (TestWorker worker : workers) {
        worker.runner.heal();
      }
      int turns = 0;
      while (!allEnded()) {
        assertThat(turns++).as("turns to the end, seed %d", seed).isLessThan(20_000);
        cluster.advance(Duration.ofMillis(10));
        moveSlots();
        route();
        for (int w = 0; w < 2; w++) {
          work(w);
        }
        check();
        if (turns % 20 == 0) {
          checkOutcomes();
        }
      }
      checkPublished();
      checkCommitted();
      assertThat(first.keySet()).isEqualTo(ids);
      for (TestWorker worker : workers) {
        assertThat(worker.loop.drained()).isTrue();
      }
    }

    boolean allEnded() {
      boolean committed = true;
      for (int p = 0; p < 2; p++) {
        Slot slot = new Slot(Cluster.WORK, p);
        committed &= cluster.topics.committed(slot) == cluster.topics.end(slot);
      }
      return committed
          && first.size() == ids.size()
          && workers[0].loop.drained()
          && workers[1].loop.drained();
    }

    void step() {
      int w = random.nextInt(2);
      switch (random.nextInt(28)) {
        case 0, 1, 2 -> submit();
        case 3, 4, 5, 6, 7, 8 -> turn(w);
        case 9, 10, 11 -> workers[w].stepPrepare();
        case 12, 13, 14 -> workers[w].stepDevice();
        case 15 -> cluster.advance(Duration.ofMillis(random.nextInt(300)));
        case 16 -> route();
        case 17 -> disturbStores();
        case 18 -> disturbProducer();
        case 19 -> workers[w].consumer.failPolls(random.nextInt(3));
        case 20 -> moves++;
        case 21 -> flaky(w);
        case 22 -> crashSometimes(w);
        case 23, 24, 25, 26 -> workers[w].stepDelivery(random.nextInt(2));
        default -> moveSlots();
      }
    }

    void work(int w) {
      turn(w);
      workers[w].stepDelivery(0);
      workers[w].stepDelivery(1);
      workers[w].stepPrepare();
      workers[w].stepDevice();
    }

    /** A loop that fails is a worker that stops in order; another takes its place. */
    void turn(int w) {
      try {
        workers[w].loop.turn();
      } catch (FailureException e) {
        assertThat(e.failure().code()).isEqualTo(ErrorCode.DEVICE_LOST);
        crash(w);
      }
    }

    void crashSometimes(int w) {
      if (random.nextInt(3) == 0) {
        crash(w);
      }
    }

    void crash(int w) {
      workers[w] = worker(workers[w]);
    }

    void flaky(int w) {
      FakeRunner runner = workers[w].runner;
      runner.heal();
      runner.failOn("bad", ErrorCode.INTERNAL_ERROR);
      switch (random.nextInt(6)) {
        case 0 -> runner.failOn("flaky", ErrorCode.NO_CAPACITY);
        case 1 -> runner.failOn("flaky", ErrorCode.OUT_OF_MEMORY);
        case 2 -> runner.failOn("flaky", ErrorCode.DEVICE_LOST);
        default -> runner.failOn("flaky", ErrorCode.INVALID_BODY);
      }
    }

    void disturbStores() {
      switch (random.nextInt(4)) {
        case 0 -> cluster.outage.begin();
        case 1 -> cluster.outage.loseAnswers();
        default -> cluster.outage.end();
      }
    }

    void disturbProducer() {
      switch (random.nextInt(6)) {
        case 0 -> cluster.producer.hold();
        case 1 -> cluster.producer.failWith(new Failure(ErrorCode.BROKER_UNAVAILABLE, "away"));
        case 2 -> cluster.producer.loseNextAnswer();
        case 3 -> cluster.producer.completeNext();
        default -> {
          cluster.producer.failWith(null);
          cluster.producer.release();
        }
      }
    }

    void moveSlots() {
      for (Slot slot : owners.keySet()) {
        TestWorker from = workers[owners.get(slot)];
        TestWorker to = workers[1 - owners.get(slot)];
        if (!from.consumer.assigned().contains(slot) && !to.consumer.assigned().contains(slot)) {
          from.consumer.assign(slot);
        } else if (moves > 0 && from.consumer.assigned().contains(slot)) {
          moves--;
          from.consumer.revoke(slot);
          turn(owners.get(slot));
          owners.put(slot, 1 - owners.get(slot));
        }
      }
    }

    void submit() {
      int n = ids.size();
      String id = "r" + (random.nextInt(20) == 0 && n > 0 ? random.nextInt(n) : n);
      ids.add(id);
      String[] texts = new String[1 + (random.nextInt(8) == 0 ? random.nextInt(30) : 0)];
      for (int i = 0; i < texts.length; i++) {
        texts[i] = WORDS[random.nextInt(WORDS.length)];
      }
      Requests request =
          random.nextInt(5) == 0
              ? Requests.classification(id, texts[0], "fine " + random.nextInt(9), "bad luck", "x")
              : Requests.embeddings(id, texts);
      request
          .time(cluster.now())
          .tier(Tier.values()[random.nextInt(3)])
          .slack(Duration.ofMillis(random.nextInt(10) == 0 ? 100 : 60_000));
      switch (random.nextInt(12)) {
        case 0 -> append(request.body(new byte[] {'{'}).record());
        case 1 -> append(request.model("other").record());
        case 2, 3, 4 -> resolve(request.build());
        default -> append(request.record());
      }
    }

    void append(WireRecord record) {
      Slot slot = new Slot(Cluster.WORK, random.nextInt(2));
      cluster.append(slot, record);
    }

    /** As the router does it: hit, lead, or follow and ask again later. */
    void resolve(InferenceRequest request) {
      String key = CacheKey.of(request.model(), "r1", request.task(), request.payload().bytes());
      Place place = new Place.Lead();
      try {
        Question question =
            new Question(key, Outcomes.waiting(request), Duration.ofSeconds(2), true);
        place = cluster.cache.resolve(List.of(question)).get(0);
      } catch (FailureException e) {
        key = null;
      }
      if (place instanceof Place.Follow) {
        parked.add(new Parked(request, cluster.now().toEpochMilli() + 1000));
      } else if (place instanceof Place.Hit hit) {
        try {
          cluster.outcomes.deliver(
              List.of(hit.cached().answering(Outcomes.waiting(request), cluster.now(), "hit")));
        } catch (FailureException e) {
          parked.add(new Parked(request, cluster.now().toEpochMilli() + 1000));
        }
      } else {
        append(
            RequestCodec.encode(request.assigned(new Assignment("lane", "type", "reason", key))));
      }
    }

    /** As the router does it: what is due in the retry topics and what was parked. */
    void route() {
      long now = cluster.now().toEpochMilli();
      for (Parked p : List.copyOf(parked)) {
        if (p.dueMs() <= now) {
          parked.remove(p);
          resolve(p.request());
        }
      }
      cluster
          .producer
          .records()
          .forEach(
              (topic, records) -> {
                if (topic.startsWith("headrace.retry-")) {
                  again(topic, records, now);
                }
              });
    }

    void again(String topic, List<WireRecord> records, long now) {
      int from = routed.getOrDefault(topic, 0);
      while (from < records.size()
          && DeadLetter.number(records.get(from), DeadLetter.RETRY_AT, 0) <= now) {
        Decoded decoded = RequestCodec.decode(records.get(from), Tier.STANDARD, cluster.now());
        append(
            RequestCodec.encode(
                ((Decoded.Valid) decoded)
                    .request()
                    .assigned(new Assignment("lane", "type", "retry", null))));
        from++;
      }
      routed.put(topic, from);
    }

    void check() {
      for (TestWorker worker : workers) {
        assertThat(worker.consumer.unacknowledged()).as("seed %d", seed).isLessThan(40 + 50);
      }
      if (random.nextInt(12) == 0) {
        checkOutcomes();
        checkPublished();
        checkCommitted();
      }
    }

    void checkOutcomes() {
      for (Outcome outcome : cluster.outcomes.outcomes()) {
        Outcome before = first.putIfAbsent(outcome.id(), outcome);
        assertThat(before == null ? outcome : before)
            .as("the first outcome stands, seed %d", seed)
            .isEqualTo(outcome);
      }
    }

    void checkPublished() {
      for (Outcome outcome : cluster.published()) {
        assertThat(outcome)
            .as("Kafka has the outcome that stands, seed %d", seed)
            .isEqualTo(first.get(outcome.id()));
      }
    }

    void checkCommitted() {
      Set<String> retried = new HashSet<>();
      cluster.retries().forEach(r -> retried.add(r.text("ce_id")));
      for (int p = 0; p < 2; p++) {
        Slot slot = new Slot(Cluster.WORK, p);
        for (long offset = 0; offset < cluster.topics.committed(slot); offset++) {
          String id = cluster.idAt(slot, offset);
          assertThat(first.containsKey(id) || retried.contains(id))
              .as("acknowledged %s has an outcome or a retry, seed %d", id, seed)
              .isTrue();
        }
      }
    }
  }
}
