package dev.headrace.worker.model.safetensors;

import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Whether the tensors of a header fill the file's data: each of its size, no hole, no overlap. */
final class Layout {
  private final StrictJson json;
  private final Map<String, StoredEntry> entries;

  Layout(StrictJson json, Map<String, StoredEntry> entries) {
    this.json = json;
    this.entries = entries;
  }

  void check(long dataBytes) throws MalformedModelException {
    for (Map.Entry<String, StoredEntry> entry : entries.entrySet()) {
      checkSize(entry.getKey(), entry.getValue(), dataBytes);
    }
    List<Map.Entry<String, StoredEntry>> inOrder = new ArrayList<>(entries.entrySet());
    inOrder.sort(
        Comparator.comparingLong((Map.Entry<String, StoredEntry> e) -> e.getValue().begin())
            .thenComparingLong(e -> e.getValue().end()));
    long end = 0;
    for (Map.Entry<String, StoredEntry> entry : inOrder) {
      if (entry.getValue().begin() != end) {
        throw malformed(
            entry.getKey(),
            "begins at "
                + entry.getValue().begin()
                + " (expected: "
                + end
                + ", no hole or overlap)");
      }
      end = entry.getValue().end();
    }
    if (end != dataBytes) {
      throw json.malformed(
          "the tensors end at " + end + " (expected: " + dataBytes + ", the end of the file)");
    }
  }

  private void checkSize(String name, StoredEntry entry, long dataBytes)
      throws MalformedModelException {
    if (entry.begin() > entry.end() || entry.end() > dataBytes) {
      throw malformed(
          name,
          "data_offsets ["
              + entry.begin()
              + ", "
              + entry.end()
              + "] (expected: ascending, within "
              + dataBytes
              + " bytes)");
    }
    StoredType type = StoredType.named(entry.type());
    // What has a type that we do not know is not read, so its size cannot do harm.
    if (type != null && entry.expectedBytes(type.bits()) != entry.end() - entry.begin()) {
      throw malformed(
          name,
          (entry.end() - entry.begin())
              + " bytes (expected: what "
              + type
              + entry.shape()
              + " takes)");
    }
  }

  private MalformedModelException malformed(String name, String message) {
    return json.malformed("tensor " + StrictJson.quoted(name) + ": " + message);
  }
}
