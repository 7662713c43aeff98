package dev.headrace.policy;

import static dev.headrace.policy.testing.RequestBuilder.START;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;
import dev.headrace.protocol.service.GenerationCurve;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.SideBySide;
import dev.headrace.protocol.service.WorkerState;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Requests that generate are reckoned by steps, and what a heartbeat says of them arrives. */
class GenerationTest {
  /** 10 ms a step for 8 sequences, 0.1 ms a prompt token, half of what is allowed is generated. */
  private static final GenerationCurve CURVE =
      new GenerationCurve(10e-3, 1e-4, 0, 0, 0.5, 0.1, 1000);

  private static DeviceReport report() {
    ModelReport model =
        new ModelReport(
            "r1",
            Set.of(Task.CHAT_COMPLETIONS),
            new ServiceCurve(1, 0, 0, 0, 0),
            8,
            ModelState.LOADED,
            0,
            null,
            CURVE,
            new SideBySide(10, 3.5));
    return new DeviceReport(
        "w", "gpu", "gpu", "", 2, WorkerState.READY, START, 0, 0, 0, 0, 0, Map.of("m", model));
  }

  @Test
  void heartbeat_carries_the_curve_and_garbage_in_it_is_no_heartbeat() {
    Map<String, String> hash = DeviceReportCodec.encode(report());
    assertThat(DeviceReportCodec.decode(hash)).contains(report());
    hash.replaceAll((k, v) -> v.replace("\"output_share\":0.5", "\"output_share\":7"));
    assertThat(DeviceReportCodec.decode(hash)).isEmpty();
  }

  @Test
  void request_costs_its_prompt_and_its_share_of_the_steps() {
    Fleet fleet = FleetBuilder.build(List.of(report()), Set.of("gpu"), List.of(), 2);
    Candidate candidate = fleet.models().get("m").lanes().get(Task.CHAT_COMPLETIONS).get(0);
    Size size = new Size(1, 100, 200);
    // 10 ms for the prompt; 100 steps of 10 ms, shared by the ten of a full device.
    assertThat(candidate.marginalSeconds(size)).isCloseTo(0.01 + 1.0 / 10, within(1e-9));
    assertThat(candidate.batchSeconds(size)).isCloseTo(1.01, within(1e-9));
    assertThat(candidate.relativeError()).isEqualTo(0.1);
  }

  @Test
  void long_answers_need_a_later_deadline() {
    Fleet fleet = FleetBuilder.build(List.of(report()), Set.of("gpu"), List.of(), 2);
    RoutingPolicy policy = new CheapestInTime(0);
    for (int allowed : new int[] {100, 2000}) {
      var asked = request("a").task(Task.CHAT_COMPLETIONS).size(new Size(1, 10, allowed)).build();
      Decision.Place place = (Decision.Place) policy.choose(asked, Snapshot.of(fleet, 0), START);
      assertThat(place.reason()).isEqualTo(Reason.ONLY_CHOICE);
      var tight =
          request("a")
              .task(Task.CHAT_COMPLETIONS)
              .size(new Size(1, 10, allowed))
              .within(java.time.Duration.ofSeconds(2))
              .build();
      Reason reason =
          ((Decision.Place) policy.choose(tight, Snapshot.of(fleet, 0), START)).reason();
      // 50 steps take half a second, 1,000 take ten.
      assertThat(reason).isEqualTo(allowed == 100 ? Reason.ONLY_CHOICE : Reason.NONE_IN_TIME);
    }
  }
}
