package dev.headrace.protocol.event;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.headrace.protocol.WellFormed;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonAttributesTest {
  private static String written(Map<String, String> values, int sizeHint) {
    JsonAttributes json = new JsonAttributes(sizeHint);
    values.forEach(json::put);
    byte[] all = json.finish('\n', new byte[] {1, 2});
    assertThat(all[all.length - 2]).isEqualTo((byte) 1);
    assertThat(all[all.length - 3]).isEqualTo((byte) '\n');
    return new String(all, 0, all.length - 3, StandardCharsets.UTF_8);
  }

  @Test
  void bytes_are_those_that_jackson_writes() throws Exception {
    JsonMapper jackson =
        JsonMapper.builder().enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8).build();
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      Map<String, String> values = new LinkedHashMap<>();
      for (int n = random.nextInt(5); n > 0; n--) {
        values.put(text(random), text(random));
      }
      assertThat(written(values, random.nextInt(200)))
          .isEqualTo(new String(jackson.writeValueAsBytes(values), StandardCharsets.UTF_8));
    }
  }

  /** Any text, controls included, that has a UTF-8 form. */
  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int n = random.nextInt(20); n > 0; n--) {
      int bound = new int[] {0x20, 0x80, 0x800, 0x110000}[random.nextInt(4)];
      int c = random.nextInt(bound);
      text.appendCodePoint(WellFormed.is(Character.toString(c)) ? c : '"');
    }
    return text.toString();
  }
}
