package dev.headrace.embedded.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.embedded.docker.Compose.HostPort;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import kafka.server.KafkaConfig;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ComposeTest {
  private static Compose compose;

  @BeforeAll
  static void read() throws Exception {
    compose = Compose.read(Repository.docker().resolve("compose.yaml"));
  }

  @Test
  void services_are_kafka_redis_router_and_two_pools() {
    assertThat(compose.services())
        .containsOnlyKeys(
            "kafka", "redis", "router", "worker-cpu-fp32", "worker-cpu-int8", "prometheus");
    assertThat(compose.roles()).containsOnlyKeys("router", "worker-cpu-fp32", "worker-cpu-int8");
  }

  @Test
  void images_that_are_not_built_here_have_a_version() {
    compose
        .services()
        .forEach(
            (name, service) -> {
              if (!service.has("build")) {
                assertThat(service.path("image").asText())
                    .as(name)
                    .contains(":")
                    .doesNotEndWith(":latest");
              }
            });
  }

  @Test
  void roles_are_built_from_dockerfiles_whose_context_is_the_repository() {
    compose
        .roles()
        .forEach(
            (name, service) -> {
              String context = service.path("build").path("context").asText();
              assertThat(Repository.docker().resolve(context).normalize())
                  .isEqualTo(Repository.top());
              assertThat(compose.dockerfile(service).file()).as(name).exists();
            });
  }

  @Test
  void roles_run_as_the_command_that_their_image_is_for() {
    compose
        .roles()
        .forEach(
            (name, service) ->
                assertThat(compose.dockerfile(service).last("CMD"))
                    .as(name)
                    .extracting(Dockerfile.Instruction::arguments)
                    .containsExactly(
                        "[\"" + Compose.texts(service.path("command")).get(0) + "\"]"));
  }

  @Test
  void roles_have_a_read_only_file_system_and_a_temporary_folder() {
    compose
        .roles()
        .forEach(
            (name, service) -> {
              assertThat(service.path("read_only").asBoolean()).as(name).isTrue();
              assertThat(Compose.texts(service.path("tmpfs"))).anyMatch(t -> t.startsWith("/tmp"));
              assertThat(Compose.texts(service.path("cap_drop"))).containsExactly("ALL");
              assertThat(Compose.texts(service.path("security_opt")))
                  .containsExactly("no-new-privileges:true");
            });
  }

  @Test
  void every_service_that_others_wait_for_has_a_health_check() {
    compose
        .services()
        .forEach(
            (name, service) ->
                service
                    .path("depends_on")
                    .properties()
                    .forEach(
                        other -> {
                          assertThat(compose.services()).as(name).containsKey(other.getKey());
                          assertThat(other.getValue().path("condition").asText())
                              .isEqualTo("service_healthy");
                          assertThat(hasHealthCheck(other.getKey())).as(other.getKey()).isTrue();
                        }));
  }

  private static boolean hasHealthCheck(String name) {
    JsonNode service = compose.services().get(name);
    return service.has("healthcheck")
        || (service.has("build") && !compose.dockerfile(service).last("HEALTHCHECK").isEmpty());
  }

  @Test
  void roles_wait_for_kafka_and_redis_and_have_a_health_check() {
    compose
        .roles()
        .forEach(
            (name, service) -> {
              assertThat(service.path("depends_on").fieldNames())
                  .toIterable()
                  .contains("kafka", "redis");
              assertThat(hasHealthCheck(name)).as(name).isTrue();
            });
  }

  @Test
  void roles_reach_kafka_and_redis_where_these_listen() {
    Map<String, String> kafka = Compose.environment(compose.services().get("kafka"));
    List<HostPort> advertised = new ArrayList<>();
    for (String listener : kafka.get("KAFKA_ADVERTISED_LISTENERS").split(",")) {
      advertised.add(HostPort.parse(listener.replaceAll("^[A-Z]+://", "")));
    }
    compose
        .roles()
        .forEach(
            (name, service) -> {
              Map<String, String> variables = Compose.environment(service);
              HostPort bootstrap =
                  HostPort.parse(variables.get("HEADRACE_KAFKA_BOOTSTRAP_SERVERS"));
              assertThat(advertised).as(name).contains(bootstrap);
              assertThat(bootstrap.host()).isEqualTo("kafka");
              URI redis = URI.create(variables.get("HEADRACE_REDIS_URI"));
              assertThat(redis.getHost()).isEqualTo("redis");
              assertThat(redis.getPort()).isEqualTo(6379);
            });
  }

  @Test
  void pools_differ_in_device_type_and_are_named_after_it() {
    compose
        .roles()
        .forEach(
            (name, service) -> {
              if (name.startsWith("worker-")) {
                assertThat(Compose.environment(service))
                    .containsEntry(
                        "HEADRACE_WORKER_DEVICE_TYPE", name.substring("worker-".length()));
              }
            });
  }

  @Test
  void ports_are_published_on_the_loopback_address_only() {
    List<String> published = new ArrayList<>();
    compose.services().values().forEach(s -> published.addAll(Compose.texts(s.path("ports"))));

    assertThat(published).isNotEmpty().allMatch(port -> port.startsWith("127.0.0.1:"));
  }

  @Test
  void volumes_are_declared_or_files_of_the_repository() {
    compose
        .services()
        .forEach(
            (name, service) -> {
              for (String volume : Compose.texts(service.path("volumes"))) {
                String source = volume.split(":")[0];
                if (source.startsWith(".")) {
                  assertThat(Repository.docker().resolve(source)).as(name).isRegularFile();
                } else {
                  assertThat(compose.root().path("volumes").has(source)).as(volume).isTrue();
                }
              }
            });
  }

  /** The image makes {@code min.insync.replicas} of {@code KAFKA_MIN_INSYNC_REPLICAS}. */
  @Test
  void kafka_takes_its_variables() {
    Map<String, String> settings = new HashMap<>();
    Compose.environment(compose.services().get("kafka"))
        .forEach(
            (variable, value) -> {
              assertThat(variable).startsWith("KAFKA_");
              String name = variable.substring("KAFKA_".length());
              settings.put(name.toLowerCase(Locale.ROOT).replace('_', '.'), value);
            });

    assertThat(scala.jdk.javaapi.CollectionConverters.asJava(KafkaConfig.configNames()))
        .containsAll(settings.keySet());
    assertThat(new KafkaConfig(settings, false).autoCreateTopicsEnable()).isFalse();
  }
}
