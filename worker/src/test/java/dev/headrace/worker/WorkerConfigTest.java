package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.config.Settings;
import dev.headrace.transport.kafka.LaneIntake;
import dev.headrace.worker.batch.BatchConfig;
import dev.headrace.worker.encode.ArchiveConfig;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.failure.RetryConfig;
import dev.headrace.worker.generate.GenerationConfig;
import dev.headrace.worker.loop.Identity;
import dev.headrace.worker.loop.IntakeConfig;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.upstream.UpstreamConfig;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class WorkerConfigTest {
  private static WorkerConfig read(Map<String, String> values) {
    Settings settings = Settings.of(values);
    WorkerConfig config = WorkerConfig.read(settings);
    settings.requireValid(List.of());
    return config;
  }

  @Test
  void defaults() {
    assertThat(read(Map.of("worker.id", "w1")))
        .isEqualTo(
            new WorkerConfig(
                new Identity("w1", "cpu-fp32", "cpu-fp32", 0),
                EngineKind.TORCH,
                new EngineConfig("cpu", List.of("all-minilm-l6-v2"), "", Precision.FLOAT32, 0),
                new GenerationConfig(0, 0, 4096, Duration.ofMillis(150), 2048, true),
                new UpstreamConfig(
                    URI.create("http://127.0.0.1:8000"),
                    "",
                    List.of(),
                    Set.of(Task.CHAT_COMPLETIONS, Task.COMPLETIONS),
                    16,
                    Duration.ofMinutes(10),
                    Duration.ofMinutes(2),
                    Duration.ofSeconds(5),
                    "1"),
                new LaneIntake(LaneIntake.Kind.GROUP, Duration.ofSeconds(30), 2),
                new IntakeConfig(4096, 64 << 20, Duration.ofSeconds(2)),
                new BatchConfig(
                    256,
                    16_384,
                    Duration.ofMillis(250),
                    Duration.ofSeconds(1),
                    Duration.ofMillis(20)),
                new RetryConfig(4),
                BodyLimits.DEFAULT,
                0,
                0,
                4096,
                Duration.ofSeconds(1),
                Duration.ofSeconds(5),
                Duration.ofMinutes(5),
                Duration.ofMillis(200),
                Duration.ofSeconds(20)));
  }

  @Test
  void every_setting_is_read() {
    Map<String, String> values = new HashMap<>();
    values.put("worker.id", "w-2");
    values.put("worker.device", "cuda:1");
    values.put("worker.device-type", "h200");
    values.put("worker.lane", "large");
    values.put("worker.usd-per-hour", "3.5");
    values.put("worker.models", "a, b");
    values.put("worker.models.folder", "models");
    values.put("worker.precision", "int8");
    values.put("worker.engine", "openai-upstream");
    values.put("worker.upstream.url", "http://127.0.0.1:8080/x");
    values.put("worker.upstream.api-key", "sesame");
    values.put("worker.upstream.models", "tiny");
    values.put("worker.upstream.tasks", "embeddings");
    values.put("worker.upstream.concurrency", "4");
    values.put("worker.upstream.start-wait", "7s");
    values.put("worker.upstream.silence", "8s");
    values.put("worker.upstream.health-interval", "9s");
    values.put("worker.upstream.revision", "v2");
    values.put("worker.threads", "3");
    values.put("worker.generation.texts", "5");
    values.put("worker.generation.kv-memory", "1MiB");
    values.put("worker.generation.context", "77");
    values.put("worker.generation.step", "9ms");
    values.put("worker.generation.step-tokens", "88");
    values.put("worker.generation.prefix-cache", "false");
    values.put("worker.models.memory", "3MiB");
    values.put("worker.models.pinned", "a");
    values.put("worker.max-in-flight", "7");
    values.put("worker.max-in-flight-bytes", "1MiB");
    values.put("worker.max-queue", "9s");
    values.put("worker.batch.max-rows", "8");
    values.put("worker.batch.max-tokens", "99");
    values.put("worker.batch.max-duration", "1s");
    values.put("worker.batch.longest-duration", "3s");
    values.put("worker.batch.ahead", "5ms");
    values.put("worker.batch.stuck-after", "2m");
    values.put("worker.retry.max-attempts", "2");
    values.put("worker.limits.rows", "10");
    values.put("worker.limits.text-chars", "11");
    values.put("worker.limits.labels", "12");
    values.put("worker.prepare.threads", "6");
    values.put("worker.deliver.threads", "3");
    values.put("worker.shared-vectors", "300");
    values.put("worker.models.archives", "/var/archives");
    values.put("worker.models.archives.size", "5MiB");
    values.put("worker.models.archives.age", "3d");
    values.put("worker.intake", "share");
    values.put("worker.share.lock", "15s");
    values.put("worker.share.polls", "3");
    values.put("worker.heartbeat.interval", "2s");
    values.put("worker.warm-up", "3s");
    values.put("worker.stream.interval", "50ms");
    values.put("worker.drain-timeout", "4s");
    assertThat(read(values))
        .isEqualTo(
            new WorkerConfig(
                new Identity("w-2", "h200", "large", 3.5),
                EngineKind.OPENAI_UPSTREAM,
                new EngineConfig(
                    "cuda:1",
                    List.of("a", "b"),
                    "models",
                    Precision.INT8,
                    3,
                    3 << 20,
                    List.of("a"),
                    false,
                    new ArchiveConfig("/var/archives", 5 << 20, Duration.ofDays(3))),
                new GenerationConfig(5, 1 << 20, 77, Duration.ofMillis(9), 88, false),
                new UpstreamConfig(
                    URI.create("http://127.0.0.1:8080/x"),
                    "sesame",
                    List.of("tiny"),
                    Set.of(Task.EMBEDDINGS),
                    4,
                    Duration.ofSeconds(7),
                    Duration.ofSeconds(8),
                    Duration.ofSeconds(9),
                    "v2"),
                new LaneIntake(LaneIntake.Kind.SHARE, Duration.ofSeconds(15), 3),
                new IntakeConfig(7, 1 << 20, Duration.ofSeconds(9)),
                new BatchConfig(
                    8, 99, Duration.ofSeconds(1), Duration.ofSeconds(3), Duration.ofMillis(5)),
                new RetryConfig(2),
                new BodyLimits(10, 11, 12),
                6,
                3,
                300,
                Duration.ofSeconds(2),
                Duration.ofSeconds(3),
                Duration.ofMinutes(2),
                Duration.ofMillis(50),
                Duration.ofSeconds(4)));
    Settings settings = Settings.of(values);
    WorkerConfig.read(settings);
    assertThat(settings.described()).extracting(s -> s.key()).hasSameElementsAs(values.keySet());
  }

  @Test
  void device_type_and_lane_follow_from_device_and_precision() {
    Identity gpu = read(Map.of("worker.device", "cuda:0", "worker.precision", "fp16")).identity();
    assertThat(gpu.deviceType()).isEqualTo("cuda-fp16");
    assertThat(gpu.lane()).isEqualTo("cuda-fp16");
  }

  @Test
  void several_devices_have_a_worker_each() {
    Settings settings =
        Settings.of(
            Map.of(
                "worker.devices", "cuda:0,cuda:1,cpu",
                "worker.id", "box",
                "worker.precision", "bf16",
                "worker.usd-per-hour", "2"));
    List<WorkerConfig> workers =
        WorkerProcess.plans(settings).stream().map(WorkerProcess.Plan::worker).toList();
    assertThat(workers)
        .extracting(w -> w.identity().workerId(), w -> w.engine().device())
        .containsExactly(
            tuple("box-cuda-0", "cuda:0"), tuple("box-cuda-1", "cuda:1"), tuple("box-cpu", "cpu"));
    assertThat(workers.get(1).identity().lane()).isEqualTo("cuda-bf16");
    assertThat(workers.get(2).identity().lane()).isEqualTo("cpu-bf16");
    assertThat(workers).allMatch(w -> w.identity().usdPerHour() == 2);
  }

  @Test
  void all_devices_of_a_machine_without_a_gpu_are_its_cpu() {
    Assumptions.assumeTrue(DeviceInventory.gpus().isEmpty(), "this machine has a GPU");
    Settings all = Settings.of(Map.of("worker.devices", "all", "worker.device", "cuda:0"));
    List<WorkerProcess.Plan> plans = WorkerProcess.plans(all);
    assertThat(plans).hasSize(1);
    assertThat(plans.get(0).worker().engine().device()).isEqualTo("cpu");
  }

  @Test
  void a_device_that_is_none_is_named() {
    Settings settings = Settings.of(Map.of("worker.devices", "cuda:0,tpu"));
    WorkerProcess.plans(settings);
    assertThatThrownBy(() -> settings.requireValid(List.of()))
        .hasMessageContaining("worker.devices: tpu (expected: all, cpu or cuda:N");
  }

  @Test
  void a_price_that_is_not_set_is_the_listed_one() {
    Map<String, String> h100 = Map.of("worker.device-type", "nvidia-h100-80gb-hbm3");
    assertThat(read(h100).identity().usdPerHour()).isEqualTo(3.85);
    assertThat(read(Map.of()).identity().usdPerHour()).isZero();
  }

  @Test
  void made_up_ids_differ_and_fit_the_pattern() {
    String first = read(Map.of()).identity().workerId();
    assertThat(first).matches("[A-Za-z0-9._-]{1,64}").contains("-" + ProcessHandle.current().pid());
    assertThat(read(Map.of()).identity().workerId()).isNotEqualTo(first);
  }

  @Test
  void all_problems_come_at_once() {
    Map<String, String> values =
        Map.of("worker.id", "a b", "worker.batch.max-rows", "0", "worker.device", "tpu");
    assertThatThrownBy(() -> read(values))
        .hasMessageContaining("worker.id: a b (expected: 1..64 of A-Z a-z 0-9 . _ -, or nothing")
        .hasMessageContaining("worker.batch.max-rows: 0 (expected: 1..65536; from program)")
        .hasMessageContaining(
            "worker.device: tpu (expected: cpu or cuda:N, or several with + between them");
  }

  @Test
  void a_gpu_s_driver_may_be_all_that_limits_its_models() {
    Map<String, String> values = Map.of("worker.device", "cuda:0", "worker.models.memory", "auto");
    assertThat(read(values).engine().memoryBytes()).isEqualTo(Long.MAX_VALUE);
    assertThatThrownBy(() -> read(Map.of("worker.models.memory", "auto")))
        .hasMessageContaining("worker.models.memory: auto (expected: a size on a CPU");
    assertThatThrownBy(() -> read(Map.of("worker.models.memory", "9999999999999GiB")))
        .hasMessageContaining("worker.models.memory: 9999999999999GiB (expected: less than 2^63");
  }

  @Test
  void a_group_of_devices_is_named_after_them_and_costs_what_they_cost() {
    Map<String, String> values = new HashMap<>();
    values.put("worker.device", "cuda:98+cuda:99+cpu");
    values.put("worker.precision", "bf16");
    WorkerConfig config = read(values);
    assertThat(config.identity().deviceType()).isEqualTo("cuda-bf16-x2-and-cpu-bf16");
    assertThat(config.engine().members()).containsExactly("cuda:98", "cuda:99", "cpu");
    assertThat(config.identity().usdPerHour()).isZero();
  }

  @Test
  void a_group_has_each_device_once_and_all_models_loaded() {
    Map<String, String> values = new HashMap<>();
    values.put("worker.device", "cuda:98+cuda:98");
    values.put("worker.models.memory", "1GiB");
    values.put("worker.precision", "auto");
    assertThatThrownBy(() -> read(values))
        .hasMessageContaining("worker.device: cuda:98+cuda:98 (expected: each device once")
        .hasMessageContaining("worker.models.memory: 1073741824B (expected: 0B in a group")
        .hasMessageContaining("worker.precision: auto (expected: a precision in a group");
  }
}
