package dev.headrace.policy;

import static dev.headrace.policy.testing.RequestBuilder.START;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.testing.Fleets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The worked example of docs/routing.md is what the policy computes. */
class RoutingDocTest {
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| ([0-9.]+) s \\|.*\\| (slow|fast) \\| `([a-z_]+)` \\|$");

  /** {@code With 2 s in the slow lane ... one with 4 s left ... one with 2.9 s left}. */
  private static final Pattern FULL =
      Pattern.compile(
          "With ([0-9.]+) s in the slow lane its window is full\\. A request with ([0-9.]+) s left"
              + "[^;]*waits\\s+in the buffer; one with ([0-9.]+) s left goes to the fast lane");

  private final Fleet fleet = new Fleets().lane("fast", 10, 1, 0.1).lane("slow", 0.5, 1, 1).build();
  private final RoutingPolicy policy = new CheapestInTime(0);

  private Decision choose(double slackSeconds, double slowSeconds) {
    return policy.choose(
        request("a").within(Duration.ofMillis(Math.round(slackSeconds * 1000))).build(),
        Snapshot.of(fleet, 0, slowSeconds),
        START);
  }

  @Test
  void example_is_what_the_policy_computes() throws IOException {
    String page = Files.readString(Path.of("../docs/routing.md"));
    assertThat(page)
        .contains("1 s on a *slow* device at 0.50 $/h and 0.1 s on a *fast* one at 10 $/h")
        .contains("the window is 2 s, and 1.5 s of work lie in the slow lane");
    List<MatchResult> rows = ROW.matcher(page).results().toList();
    assertThat(rows).hasSize(3);
    for (MatchResult row : rows) {
      Decision.Place place = (Decision.Place) choose(Double.parseDouble(row.group(1)), 1.5);
      assertThat(place.target().name()).as(row.group()).isEqualTo(row.group(2));
      assertThat(place.reason().wireName()).as(row.group()).isEqualTo(row.group(3));
    }
    MatchResult full = FULL.matcher(page).results().findFirst().orElseThrow();
    double inLane = Double.parseDouble(full.group(1));
    assertThat(choose(Double.parseDouble(full.group(2)), inLane))
        .isInstanceOfSatisfying(
            Decision.Wait.class,
            w -> assertThat(fleet.lanes().get(w.lane()).name()).isEqualTo("slow"));
    assertThat(choose(Double.parseDouble(full.group(3)), inLane))
        .isInstanceOfSatisfying(
            Decision.Place.class, p -> assertThat(p.target().name()).isEqualTo("fast"));
  }
}
