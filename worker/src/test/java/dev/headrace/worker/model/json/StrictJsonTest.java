package dev.headrace.worker.model.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.weights.MalformedModelException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrictJsonTest {
  private final StrictJson json = new StrictJson("a.json", 100, 3);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'a':1,'a':2}                 | Duplicate field 'a'",
        "{'a':{'b':{'c':{'d':1}}}}     | depth (4) exceeds the maximum allowed (3",
        "{'a':1} {}                    | more text behind the JSON document",
        "{'a':1                        | line 1, column",
        "{'a':NaN}                     | NaN",
        "[]                            | not an object (expected: a JSON object)",
        "''                            | not an object (expected: a JSON object)",
        "{'a':'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'} | 101 bytes (expected: at most 100)",
      })
  void names_file_and_fault_of_a_document(String document, String fault) {
    byte[] utf8 = document.strip().replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> json.object(utf8))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageStartingWith("a.json: ")
        .hasMessageContaining(fault);
  }

  @ParameterizedTest
  @CsvSource({"UTF-16LE", "UTF-16BE", "ISO-8859-1"})
  void refuses_other_encodings(String charset) {
    assertThatThrownBy(() -> json.object("{\"\u00e9\":1}".getBytes(Charset.forName(charset))))
        .isInstanceOf(MalformedModelException.class);
  }

  @Test
  void refuses_a_longer_file_without_reading_it_all(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("a.json");
    Files.writeString(file, " ".repeat(101));
    assertThatThrownBy(() -> json.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage("a.json: longer than 100 bytes (expected: at most that)");
    assertThatThrownBy(() -> json.read(folder.resolve("b.json")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void quotes_strangers_on_one_short_line() {
    assertThat(StrictJson.quoted("a\nb")).isEqualTo("a b");
    assertThat(StrictJson.quoted("x".repeat(500))).hasSize(83).endsWith("...");
  }
}
