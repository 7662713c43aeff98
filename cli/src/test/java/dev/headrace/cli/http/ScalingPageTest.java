package dev.headrace.cli.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.headrace.router.scaling.Demand;
import dev.headrace.router.scaling.LaneDemand;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScalingPageTest {
  private final Demand demand =
      new Demand(
          Map.of(
              "h100.large",
              new LaneDemand("h100.large", "nvidia-h100", 0, 0, 42.5, -3.0),
              "t4",
              new LaneDemand("t4", "nvidia-t4", 2, 1.5, 0, null)));

  private JsonNode get(String path) throws Exception {
    return new JsonMapper().readTree(ScalingPage.answer(demand, path));
  }

  @Test
  void one_lane_has_its_number_at_the_top() throws Exception {
    JsonNode lane = get("/scaling/h100.large");
    assertThat(lane.path("value").asDouble()).isEqualTo(42.5);
    assertThat(lane.path("slack_seconds").asDouble()).isEqualTo(-3);
    assertThat(lane.path("workers").asInt()).isZero();
    assertThat(get("/scaling/t4").path("value").asDouble()).isEqualTo(1.5);
    assertThat(get("/scaling/t4").path("slack_seconds").isNull()).isTrue();
  }

  @Test
  void lane_that_nobody_knows_needs_nothing() throws Exception {
    assertThat(get("/scaling/gone").path("value").isNumber()).isTrue();
    assertThat(get("/scaling/gone").path("value").asDouble()).isZero();
  }

  @Test
  void all_lanes_at_once() throws Exception {
    assertThat(get("/scaling").path("lanes").size()).isEqualTo(2);
    assertThat(get("/scaling/").path("lanes").path("t4").path("device_type").asText())
        .isEqualTo("nvidia-t4");
  }
}
