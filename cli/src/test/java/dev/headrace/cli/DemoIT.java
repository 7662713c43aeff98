package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoIT {
  @TempDir Path temporary;

  @Test
  void every_request_has_one_outcome_every_part_has_work_and_nothing_is_left() throws Exception {
    Program program = new Program(temporary);

    Program.Ended ended = program.run(300, "demo", "--requests", "400", "--rate", "40", "--json");

    assertThat(ended.code()).as(ended.err()).isZero();
    JsonNode figures = new JsonMapper().readTree(ended.lastLine());
    assertThat(figures.path("requests").asInt()).isEqualTo(400);
    int ended400 =
        figures.path("ok").asInt()
            + figures.path("failed").asInt()
            + figures.path("expired").asInt();
    assertThat(ended400).isEqualTo(400);
    assertThat(figures.path("failed").asInt()).isEqualTo(4);
    assertThat(figures.path("dead_letters").path("unknown_model").asInt()).isEqualTo(3);
    assertThat(figures.path("dead_letters").path("invalid_body").asInt()).isEqualTo(1);
    assertThat(figures.path("cache_hits").asInt() + figures.path("coalesced").asInt()).isPositive();
    assertThat(figures.path("tiers").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("economy", "standard", "premium");
    assertThat(figures.path("devices").path("cpu-int8").path("busy_seconds").asDouble())
        .isPositive();
    assertThat(program.leftovers()).isEmpty();
  }
}
