package dev.headrace.router.tenant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.tenant.OverQuota;
import dev.headrace.protocol.tenant.TenantConfig;
import dev.headrace.protocol.tenant.TenantTerms;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TenantsTest {
  private long nanos;
  private int routers = 1;
  private final Tenants tenants =
      new Tenants(
          new TenantConfig(
              Map.of("slow", new TenantTerms(2, 0.5, 4, 10, OverQuota.DELAY)), TenantTerms.FREE),
          () -> nanos,
          () -> routers);

  private void pass(double seconds) {
    nanos += Math.round(seconds * 1e9);
  }

  @Test
  void burst_is_used_up_and_comes_back_at_the_rate() {
    tenants.charge("slow", 3);
    assertThat(tenants.mayRun("slow")).isTrue();
    tenants.charge("slow", 3); // the last one may go below: 4 - 6 = -2
    assertThat(tenants.mayRun("slow")).isFalse();
    pass(3.9); // 1.95 of it is back
    assertThat(tenants.mayRun("slow")).isFalse();
    pass(0.2);
    assertThat(tenants.mayRun("slow")).isTrue();
  }

  @Test
  void idle_tenant_saves_up_no_more_than_the_burst() {
    tenants.charge("slow", 1);
    pass(1000);
    tenants.charge("slow", 4.1);
    assertThat(tenants.mayRun("slow")).isFalse();
  }

  @Test
  void routers_share_rate_and_burst() {
    routers = 4;
    tenants.charge("slow", 1.5); // a quarter of 4 is 1, so 0.5 are owed; 0.125 come back a second
    pass(3.9);
    assertThat(tenants.mayRun("slow")).isFalse();
    pass(0.2);
    assertThat(tenants.mayRun("slow")).isTrue();
  }

  @Test
  void tenant_without_a_quota_may_always_run() {
    tenants.charge("free", 1e6);
    assertThat(tenants.mayRun("free")).isTrue();
    assertThat(tenants.of("slow")).isEqualTo(2);
    assertThat(tenants.of("free")).isEqualTo(1);
  }
}
