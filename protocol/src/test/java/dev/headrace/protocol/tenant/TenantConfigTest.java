package dev.headrace.protocol.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.config.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TenantConfigTest {
  @Test
  void file_gives_weights_and_quotas() {
    TenantConfig config =
        TenantConfig.parse(
            """
            {"tenants":{"search":{"weight":3},
              "batch":{"device_seconds_per_second":0.5,"burst_seconds":30,"waiting_requests":200,
                "over_quota":"reject"}},
             "others":{"device_seconds_per_second":2}}""");
    double none = Double.POSITIVE_INFINITY;
    assertThat(config.of("search"))
        .isEqualTo(new TenantTerms(3, none, 0, Integer.MAX_VALUE, OverQuota.DELAY));
    assertThat(config.of("batch")).isEqualTo(new TenantTerms(1, 0.5, 30, 200, OverQuota.REJECT));
    assertThat(config.of("anybody"))
        .isEqualTo(new TenantTerms(1, 2, 20, Integer.MAX_VALUE, OverQuota.DELAY));
    assertThat(config.label("anybody")).isEqualTo("others");
  }

  @Test
  void without_a_file_all_are_alike_and_free() {
    TenantConfig config = TenantConfig.read(Settings.defaults());
    assertThat(config).isEqualTo(TenantConfig.NONE);
    assertThat(config.of("a")).isEqualTo(TenantTerms.FREE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"tenants\":{\"a\":{\"weight\":0}}} | tenants.a.weight: 0 (expected: a number > 0",
        "{\"tenants\":{\"a\":{\"weight\":\"3\"}}} | tenants.a.weight: \"3\" (expected: a number",
        "{\"tenants\":{\"a\":{\"wieght\":1}}} | tenants.a.wieght: 1 (expected: one of [",
        "{\"tenants\":{\"a\":{\"waiting_requests\":0}}} | tenants.a.waiting_requests: 0 (expected:",
        "{\"tenants\":{\"a\":{\"over_quota\":\"drop\"}}} | tenants.a.over_quota: \"drop\" (expected: delay or reject)",
        "{\"tenants\":[]} | tenants: [] (expected: an object)",
        "{\"tenant\":{}} | file.tenant: {} (expected: one of [others, tenants])",
        "[] | file: [] (expected: {\"tenants\":{...},\"others\":{...}})",
        "no | no JSON"
      })
  void what_is_wrong_is_named(String json, String message) {
    assertThatThrownBy(() -> TenantConfig.parse(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void settings_say_which_file_is_wrong(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("tenants.json");
    Files.writeString(file, "{\"others\":{\"weight\":-1}}");
    Settings settings = Settings.of(Map.of("router.tenant-file", file.toString()));
    TenantConfig.read(settings);
    assertThatThrownBy(() -> settings.requireValid(List.of()))
        .hasMessageContaining("router.tenant-file: " + file)
        .hasMessageContaining("others.weight: -1");
  }
}
