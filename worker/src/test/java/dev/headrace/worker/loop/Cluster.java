package dev.headrace.worker.loop;

import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.delivery.DeliveryConfig;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.testing.FakeProducer;
import dev.headrace.transport.testing.FakeTopics;
import dev.headrace.transport.testing.InMemoryChunkStore;
import dev.headrace.transport.testing.InMemoryCrashLedger;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import dev.headrace.transport.testing.InMemoryResultCache;
import dev.headrace.transport.testing.Outage;
import dev.headrace.worker.testing.Requests;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What outlives a worker in tests: topics, stores, the clock. */
final class Cluster {
  static final String LANE = "lane";
  static final String WORK = Topics.work(LANE);

  final FakeTopics topics = new FakeTopics();
  final Outage outage = new Outage();
  final FakeProducer producer = new FakeProducer();
  final InMemoryOutcomeStore outcomes = new InMemoryOutcomeStore(outage);
  final InMemoryResultCache cache = new InMemoryResultCache(this::nanos, outage);
  final InMemoryDeviceRegistry registry =
      new InMemoryDeviceRegistry(this::nanos, Duration.ofSeconds(10), outage);
  final InMemoryCrashLedger ledger = new InMemoryCrashLedger(registry::lives, outage);
  final InMemoryChunkStore chunks = new InMemoryChunkStore(outage);
  final DeliveryConfig delivery =
      new DeliveryConfig(true, 1 << 20, Duration.ZERO, Duration.ofMillis(200));
  private long nanos = 1_000_000_000_000L;
  private final long startNanos = nanos;

  long nanos() {
    return nanos;
  }

  Instant now() {
    return Requests.START.plusNanos(nanos - startNanos);
  }

  InstantSource clock() {
    return this::now;
  }

  void advance(Duration time) {
    nanos += time.toNanos();
  }

  /** Appends work for the lane. */
  void add(Requests... requests) {
    for (Requests request : requests) {
      addRecord(request.record());
    }
  }

  /** Appends requests r0, r1... for the vectors of word0, word1... */
  void addMany(int count) {
    for (int i = 0; i < count; i++) {
      add(Requests.embeddings("r" + i, "word" + i));
    }
  }

  private final Map<Slot, List<String>> ids = new HashMap<>();

  /** Appends a record to this slot. */
  void append(Slot slot, WireRecord record) {
    topics.append(slot, now().toEpochMilli(), record);
    ids.computeIfAbsent(slot, s -> new ArrayList<>()).add(id(record));
  }

  /** The request id of a record that was appended with {@link #append}. */
  String idAt(Slot slot, long offset) {
    return ids.get(slot).get((int) offset);
  }

  void addRecord(WireRecord record) {
    append(new Slot(WORK, 0), record);
  }

  Outcome outcome(String id) {
    return outcomes.outcome(Requests.CLIENT, id);
  }

  List<WireRecord> deadLetters() {
    return producer.records(Topics.DEAD_LETTERS);
  }

  /** Records in retry topics, the shortest pause first. */
  List<WireRecord> retries() {
    List<WireRecord> all = new ArrayList<>();
    Topics.RETRY_DELAYS.forEach(d -> all.addAll(producer.records(Topics.retry(d))));
    return all;
  }

  private static String id(WireRecord record) {
    return record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
  }

  /** The outcomes in Kafka. */
  List<Outcome> published() {
    return producer.records(Topics.OUTCOMES).stream().map(OutcomeCodec::decode).toList();
  }

  /** Ids of the requests that ended so. */
  List<String> withStatus(Status status) {
    return outcomes.outcomes().stream().filter(o -> o.status() == status).map(Outcome::id).toList();
  }
}
