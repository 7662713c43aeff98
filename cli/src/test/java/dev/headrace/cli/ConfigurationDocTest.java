package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConfigurationDocTest {
  private static final Path PAGE = Path.of("../docs/configuration.md");

  @Test
  void the_page_of_settings_is_up_to_date() throws IOException {
    if (Boolean.getBoolean("headrace.docs.write")) {
      Files.writeString(PAGE, ConfigurationDoc.markdown());
    }
    assertThat(PAGE).content().isEqualTo(ConfigurationDoc.markdown());
  }
}
