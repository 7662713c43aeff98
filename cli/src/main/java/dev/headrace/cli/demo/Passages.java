package dev.headrace.cli.demo;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The passages that come with the program: real text of all lengths (README.md beside them). */
public final class Passages {
  private Passages() {}

  /** All 6,000, in the order of the file. */
  public static List<String> all() throws IOException {
    JsonMapper mapper = new JsonMapper();
    List<String> passages = new ArrayList<>();
    try (InputStream in = Passages.class.getResourceAsStream("sotu_6000.jsonl")) {
      if (in == null) {
        throw new IOException("sotu_6000.jsonl is not on the class path");
      }
      BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        passages.add(mapper.readTree(line).path("text").asText());
      }
    }
    return passages;
  }
}
