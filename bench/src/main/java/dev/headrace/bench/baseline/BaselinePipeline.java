package dev.headrace.bench.baseline;

import dev.headrace.bench.pipeline.Pipeline;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.EmbeddingsResponse;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XReadParams;
import redis.clients.jedis.resps.StreamEntry;

/** Client → topic → forwarder → topic → worker → Redis → client. */
public final class BaselinePipeline implements Pipeline {
  private static final String MODEL = "all-minilm-l6-v2";
  private static final String IN = "baseline.requests";
  private static final String WORK = "baseline.work";
  private static final String REPLIES = "baseline:reply";
  private static final Duration POLL = Duration.ofMillis(100);
  private static final int PARTITIONS = 6;

  private final String bootstrap;
  private final URI redis;
  private final float[] answer;
  private final KafkaProducer<byte[], byte[]> client;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean running = true;
  private volatile @Nullable Exception failure;
  private volatile Run current = new Run(0, 1);

  /** One call of {@link #run}. */
  private static final class Run {
    final AtomicLongArray sentAt;
    final long[] latency;
    final Semaphore free;
    final int inFlight;

    Run(int size, int inFlight) {
      sentAt = new AtomicLongArray(size);
      latency = new long[size];
      free = new Semaphore(inFlight);
      this.inFlight = inFlight;
    }
  }

  /**
   * Starts the threads.
   *
   * @param answer the vector that every text is answered with
   */
  public BaselinePipeline(String bootstrap, URI redis, float[] answer)
      throws InterruptedException, ExecutionException {
    this.bootstrap = bootstrap;
    this.redis = redis;
    this.answer = answer.clone();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      admin
          .createTopics(
              List.of(
                  new NewTopic(IN, PARTITIONS, (short) 1),
                  new NewTopic(WORK, PARTITIONS, (short) 1)))
          .all()
          .get();
    }
    client = producer();
    start("baseline-forwarder", this::forward);
    start("baseline-worker", this::work);
    start("baseline-replies", this::replies);
  }

  private void start(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    threads.add(thread);
    thread.start();
  }

  private KafkaProducer<byte[], byte[]> producer() {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", bootstrap, "acks", "all"),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  private KafkaConsumer<byte[], byte[]> consumer(String group) {
    return new KafkaConsumer<>(
        Map.of(
            "bootstrap.servers", bootstrap,
            "group.id", group,
            "group.protocol", "consumer",
            "auto.offset.reset", "earliest",
            "enable.auto.commit", "false"),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  private void forward() {
    try (KafkaConsumer<byte[], byte[]> in = consumer("baseline-forwarder");
        KafkaProducer<byte[], byte[]> out = producer()) {
      in.subscribe(List.of(IN));
      while (running) {
        ConsumerRecords<byte[], byte[]> records = in.poll(POLL);
        for (ConsumerRecord<byte[], byte[]> r : records) {
          send(out, WORK, r.key(), r.value());
        }
        if (!records.isEmpty()) {
          out.flush();
          in.commitAsync();
        }
      }
    }
  }

  private void send(
      KafkaProducer<byte[], byte[]> producer, String topic, byte[] key, byte[] value) {
    Future<RecordMetadata> sent =
        producer.send(
            new ProducerRecord<>(topic, key, value),
            (metadata, e) -> {
              if (e != null) {
                failure = e;
              }
            });
    if (sent.isCancelled()) {
      failure = new IllegalStateException("send was cancelled");
    }
  }

  private void work() {
    try (KafkaConsumer<byte[], byte[]> in = consumer("baseline-worker");
        Jedis jedis = new Jedis(redis)) {
      in.subscribe(List.of(WORK));
      while (running) {
        ConsumerRecords<byte[], byte[]> records = in.poll(POLL);
        if (records.isEmpty()) {
          continue;
        }
        try (redis.clients.jedis.Pipeline pipeline = jedis.pipelined()) {
          for (ConsumerRecord<byte[], byte[]> r : records) {
            String id = new String(r.key(), StandardCharsets.UTF_8);
            byte[] key = ("baseline:result:" + id).getBytes(StandardCharsets.UTF_8);
            pipeline.set(key, answer(r.value()), new SetParams().ex(3600));
            pipeline.xadd(
                REPLIES,
                Map.of("id", id),
                XAddParams.xAddParams().maxLen(100_000).approximateTrimming());
          }
          pipeline.sync();
        }
        in.commitAsync();
      }
    }
  }

  /** Reads the body, writes the response: the same work with JSON as Headrace has. */
  private byte[] answer(byte[] body) {
    EmbeddingsRequest request = EmbeddingsRequest.parse(body, BodyLimits.DEFAULT);
    return new EmbeddingsResponse(
            request.model(), Collections.nCopies(request.input().size(), answer), 1)
        .encode(request.encoding());
  }

  private void replies() {
    try (Jedis jedis = new Jedis(redis.getHost(), redis.getPort(), 5000)) {
      StreamEntryID last = new StreamEntryID();
      XReadParams params = XReadParams.xReadParams().count(512).block(100);
      while (running) {
        List<Map.Entry<String, List<StreamEntry>>> read =
            jedis.xread(params, Map.of(REPLIES, last));
        if (read == null || read.isEmpty()) {
          continue;
        }
        List<StreamEntry> entries = read.get(0).getValue();
        last = entries.get(entries.size() - 1).getID();
        fetch(jedis, entries);
      }
    }
  }

  private void fetch(Jedis jedis, List<StreamEntry> entries) {
    List<redis.clients.jedis.Response<byte[]>> bodies = new ArrayList<>(entries.size());
    try (redis.clients.jedis.Pipeline pipeline = jedis.pipelined()) {
      for (StreamEntry entry : entries) {
        String key = "baseline:result:" + entry.getFields().get("id");
        bodies.add(pipeline.get(key.getBytes(StandardCharsets.UTF_8)));
      }
      pipeline.sync();
    }
    Run run = current;
    long now = System.nanoTime();
    for (int i = 0; i < entries.size(); i++) {
      byte[] body = bodies.get(i).get();
      if (body == null || body.length < answer.length) {
        failure = new IllegalStateException("an answer is missing");
        return;
      }
      String id = entries.get(i).getFields().getOrDefault("id", "");
      int index = Integer.parseInt(id.substring(id.indexOf('-') + 1));
      run.latency[index] = now - run.sentAt.get(index);
      run.free.release();
    }
  }

  @Override
  public long[] run(List<String> texts, int inFlight) throws InterruptedException {
    Run run = new Run(texts.size(), inFlight);
    current = run;
    long start = System.nanoTime();
    for (int i = 0; i < texts.size(); i++) {
      acquire(run, 1);
      run.sentAt.set(i, System.nanoTime());
      byte[] key = (start + "-" + i).getBytes(StandardCharsets.UTF_8);
      byte[] body = EmbeddingsRequest.of(MODEL, List.of(texts.get(i))).encode();
      send(client, IN, key, body);
    }
    acquire(run, run.inFlight);
    return run.latency;
  }

  private void acquire(Run run, int permits) throws InterruptedException {
    if (!run.free.tryAcquire(permits, 60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the baseline did not answer within 60 s", failure);
    }
  }

  @Override
  public void close() {
    running = false;
    for (Thread thread : threads) {
      try {
        thread.join(Duration.ofSeconds(10).toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    client.close(Duration.ofSeconds(5));
  }
}
