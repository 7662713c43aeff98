package dev.headrace.embedded.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PrometheusTest {
  @Test
  void reads_every_role_at_its_http_port() throws Exception {
    Compose compose = Compose.read(Repository.docker().resolve("compose.yaml"));
    JsonNode prometheus =
        Compose.read(Repository.docker().resolve("prometheus/prometheus.yml")).root();
    Map<String, JsonNode> roles = compose.roles();
    List<String> read = new ArrayList<>();

    for (JsonNode job : prometheus.path("scrape_configs")) {
      assertThat(job.path("metrics_path").asText()).isEqualTo("/metrics");
      for (JsonNode discovery : job.path("dns_sd_configs")) {
        for (String name : Compose.texts(discovery.path("names"))) {
          assertThat(roles).containsKey(name);
          assertThat(compose.dockerfile(roles.get(name)).environment())
              .containsEntry("HEADRACE_HTTP_PORT", discovery.path("port").asText());
          read.add(name);
        }
      }
    }

    assertThat(read).containsExactlyInAnyOrderElementsOf(roles.keySet());
  }
}
