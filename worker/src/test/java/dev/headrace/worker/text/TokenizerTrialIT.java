package dev.headrace.worker.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The native library ends the process over some files; it must be another one than ours. */
@Timeout(180)
class TokenizerTrialIT {
  private static final int DAMAGED = 250;

  /** Parts of {@code tokenizer.json} other than the model, by what is wrong with them. */
  private static String tokenizer(
      String normalizer, String preTokenizer, String post, String added) {
    return """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [%s],
         "normalizer": %s, "pre_tokenizer": %s, "post_processor": %s, "decoder": null,
         "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "a"}}
        """
        .formatted(added, normalizer, preTokenizer, post);
  }

  private static String undefinedSpecial() {
    return tokenizer(
        "null",
        "null",
        """
        {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
         {"Sequence": {"id": "A", "type_id": 0}}], "pair": [{"Sequence": {"id": "A", "type_id": 0}},
         {"Sequence": {"id": "B", "type_id": 1}}], "special_tokens": {}}""",
        "");
  }

  @Test
  void file_over_which_the_library_panics_is_an_error_that_says_so() {
    // Given to the native library here, this file would end the tests.
    assertThatThrownBy(() -> PromptTokenizer.open("hostile", undefinedSpecial()).close())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("tokenizer of hostile: tokenizer.json ends the process")
        .hasMessageContaining("panicked at");
  }

  @Test
  void file_that_takes_too_long_is_an_error() {
    byte[] json = tokenizer("null", "null", "null", "").getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> TokenizerTrial.check("slow", json, Duration.ofMillis(1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not read within");
    // It passed nothing, so it is tried again.
    assertThatCode(() -> TokenizerTrial.check("slow", json)).doesNotThrowAnyException();
  }

  @Test
  void files_that_contradict_themselves_are_read_or_refused() {
    List<String> files =
        List.of(
            tokenizer(
                "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"////fwAA\"}",
                "null",
                "null",
                ""),
            tokenizer(
                "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"!\"}", "null", "null", ""),
            tokenizer(
                "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"\"}", "null", "null", ""),
            tokenizer(
                "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(\"},\"content\":\"\"}",
                "null",
                "null",
                ""),
            tokenizer(
                "null",
                "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a*)*b\\\\1{99999}\"},"
                    + "\"behavior\":\"Isolated\",\"invert\":false}",
                "null",
                ""),
            tokenizer(
                "null",
                "null",
                "null",
                "{\"id\":4294967295,\"content\":\"z\",\"single_word\":false,\"lstrip\":false,"
                    + "\"rstrip\":false,\"normalized\":false,\"special\":true}"),
            tokenizer(
                "null",
                "null",
                "{\"type\":\"BertProcessing\",\"sep\":[\"b\",9],\"cls\":[\"a\",7]}",
                ""));
    for (String file : files) {
      try (PromptTokenizer tokenizer = PromptTokenizer.open("odd", file)) {
        tokenizer.decode(tokenizer.encode("a b z aaaa \u00e9", true));
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("tokenizer of odd: ");
      } catch (InvalidTextException e) {
        assertThat(e).hasMessageContaining("refused by the tokenizer");
      }
    }
  }

  /** What a trial lets through must not panic over other texts. */
  @ParameterizedTest
  @ValueSource(strings = {"xlm-roberta", "modernbert"})
  void damaged_files_end_the_process_in_the_trial_or_not_at_all(String model) throws Exception {
    URL file = getClass().getResource("/reference/" + model + "/tokenizer.json");
    List<String> deaths = new ArrayList<>();
    for (int from = 0; from < DAMAGED; ) {
      String last = probe(Path.of(file.toURI()), from);
      if (last.equals("done")) {
        break;
      }
      deaths.add(last);
      from = Integer.parseInt(last.substring(last.indexOf(' ') + 1)) + 1;
    }
    assertThat(deaths).isNotEmpty().allMatch(d -> d.startsWith("trial "));
  }

  /** The last thing that a probe said before its end. */
  private static String probe(Path file, int from) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            TokenizerFuzzProbe.class.getName(),
            file.toString(),
            Integer.toString(from),
            Integer.toString(DAMAGED));
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Path output = Files.createTempFile("probe", ".txt");
    Process process =
        builder
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .redirectOutput(output.toFile())
            .start();
    try {
      process.waitFor();
      List<String> lines = Files.readAllLines(output);
      return lines.get(lines.size() - 1);
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }
}
