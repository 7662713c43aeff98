package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RequestIdsTest {
  private final FakeTime time = new FakeTime();
  private final RequestIds ids = new RequestIds(time, new Random(7));

  @Test
  void id_is_a_uuid_of_version_7_with_the_time_in_front() {
    UUID id = UUID.fromString(ids.next());

    assertThat(id.version()).isEqualTo(7);
    assertThat(id.variant()).isEqualTo(2);
    assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(FakeTime.START.toEpochMilli());
  }

  @Test
  void ids_sort_by_the_order_in_which_they_were_made_also_when_the_clock_goes_back() {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      made.add(ids.next());
      if (i % 1000 == 0) {
        time.advance(Duration.ofMillis(i % 2000 == 0 ? -5 : 3));
      }
    }

    assertThat(made).isSorted();
    assertThat(new HashSet<>(made)).hasSize(10_000);
  }

  @Test
  void more_ids_than_the_counter_holds_in_one_millisecond_stay_unique() {
    RequestIds sameRandom = new RequestIds(time, () -> 42L);
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      made.add(sameRandom.next());
    }

    assertThat(made).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void id_of_a_key_depends_on_all_three_names() {
    String id = RequestIds.ofKey("client", "tenant", "key");

    assertThat(id).matches("[0-9a-f]{64}").isEqualTo(RequestIds.ofKey("client", "tenant", "key"));
    assertThat(
            List.of(
                id,
                RequestIds.ofKey("client", "tenantk", "ey"),
                RequestIds.ofKey("client2", "tenant", "key"),
                RequestIds.ofKey("client", "tenant", "key2")))
        .doesNotHaveDuplicates();
  }
}
