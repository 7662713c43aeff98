package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ReadmeTest {
  private static final Path README = Path.of("../README.md");
  private static final Path EXAMPLE =
      Path.of("../producer-sdk/src/test/java/dev/headrace/sdk/ReadmeExample.java");

  @Test
  void the_example_is_the_code_that_a_test_compiles() throws IOException {
    String code = between(Files.readString(EXAMPLE), "// README-START", "// README-END");
    String shown =
        between(Files.readString(README), "<!-- readme-example -->", "<!-- /readme-example -->");
    assertThat(shown.strip()).isEqualTo("```java\n" + code.stripIndent().strip() + "\n```");
  }

  private static String between(String text, String start, String end) {
    assertThat(text).contains(start, end);
    return text.substring(text.indexOf(start) + start.length(), text.indexOf(end));
  }
}
