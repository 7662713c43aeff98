package dev.headrace.worker.model.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.ByteRegion;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The header of a safetensors file: 8 bytes of length, little-endian, then JSON: {@code {"name":
 * {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {...}}}; after
 * it the tensors' bytes, without holes or overlaps, to the end of the file.
 */
final class SafetensorsHeader {
  /** Chosen: a shard of a very large model has some 100 KB; the reference reader allows 100 MB. */
  static final int MAX_BYTES = 32 << 20;

  /** Chosen: the largest encoders have a few thousand. */
  static final int MAX_TENSORS = 100_000;

  /** PyTorch allows 64 dimensions; encoders use three. */
  static final int MAX_RANK = 16;

  private static final int LENGTH_BYTES = Long.BYTES;
  private static final int MAX_DEPTH = 8;
  private static final String METADATA = "__metadata__";

  private final Map<String, StoredEntry> entries;
  private final long dataStart;

  private SafetensorsHeader(Map<String, StoredEntry> entries, long dataStart) {
    this.entries = entries;
    this.dataStart = dataStart;
  }

  static SafetensorsHeader read(ByteRegion file) throws MalformedModelException {
    int length = length(file);
    byte[] bytes = new byte[length];
    file.slice(LENGTH_BYTES, length).get(bytes);
    StrictJson json = new StrictJson(file.name() + ": header", MAX_BYTES, MAX_DEPTH);
    long dataStart = LENGTH_BYTES + (long) length;
    Map<String, StoredEntry> entries =
        json.read(bytes, parser -> new Parsing(json, parser).entries());
    new Layout(json, entries).check(file.size() - dataStart);
    return new SafetensorsHeader(entries, dataStart);
  }

  private static int length(ByteRegion file) throws MalformedModelException {
    if (file.size() < LENGTH_BYTES) {
      throw new MalformedModelException(
          file.name() + ": " + file.size() + " bytes (expected: a safetensors file, at least 8)");
    }
    ByteBuffer start = file.slice(0, LENGTH_BYTES);
    long length = start.getLong();
    long most = Math.min(MAX_BYTES, file.size() - LENGTH_BYTES);
    // As an unsigned number: lengths from 2^63 on are negative here.
    if (length < 2 || length > most) {
      throw new MalformedModelException(
          file.name()
              + ": header length: "
              + Long.toUnsignedString(length)
              + " (expected: 2.."
              + most
              + ")");
    }
    return (int) length;
  }

  /** Name to entry, in the order of the header. */
  Map<String, StoredEntry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /** Where the tensors' bytes start in the file. */
  long dataStart() {
    return dataStart;
  }

  /** Reads the JSON, token by token: a tree of a large header would take much memory. */
  private static final class Parsing {
    private final StrictJson json;
    private final JsonParser parser;

    Parsing(StrictJson json, JsonParser parser) {
      this.json = json;
      this.parser = parser;
    }

    Map<String, StoredEntry> entries() throws IOException {
      Map<String, StoredEntry> entries = new LinkedHashMap<>();
      expect(parser.nextToken(), JsonToken.START_OBJECT, "the header");
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals(METADATA)) {
          metadata();
        } else {
          entries.put(name, entry(name));
        }
        if (entries.size() > MAX_TENSORS) {
          throw json.malformed("more than " + MAX_TENSORS + " tensors (expected: at most that)");
        }
      }
      return entries;
    }

    /** Texts that we have no use for, but nothing else may be there. */
    private void metadata() throws IOException {
      expect(parser.currentToken(), JsonToken.START_OBJECT, METADATA);
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        expect(parser.nextToken(), JsonToken.VALUE_STRING, METADATA);
      }
    }

    private StoredEntry entry(String name) throws IOException {
      String what = "tensor " + StrictJson.quoted(name);
      @Nullable String type = null;
      @Nullable List<Long> shape = null;
      @Nullable List<Long> offsets = null;
      expect(parser.currentToken(), JsonToken.START_OBJECT, what);
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        JsonToken token = parser.nextToken();
        switch (key) {
          case "dtype" -> {
            expect(token, JsonToken.VALUE_STRING, what + ": dtype");
            type = parser.getText();
          }
          case "shape" -> shape = sizes(what + ": shape");
          case "data_offsets" -> offsets = sizes(what + ": data_offsets");
          // The reference reader steps over what it does not know, too.
          default -> parser.skipChildren();
        }
      }
      if (type == null || shape == null || offsets == null || offsets.size() != 2) {
        throw json.malformed(what + ": (expected: dtype, shape and two data_offsets)");
      }
      return new StoredEntry(type, shape, offsets.get(0), offsets.get(1));
    }

    private List<Long> sizes(String what) throws IOException {
      expect(parser.currentToken(), JsonToken.START_ARRAY, what);
      List<Long> sizes = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        expect(parser.currentToken(), JsonToken.VALUE_NUMBER_INT, what);
        long size = parser.getLongValue();
        if (size < 0) {
          throw json.malformed(what + ": " + size + " (expected: >= 0)");
        }
        sizes.add(size);
        if (sizes.size() > MAX_RANK) {
          throw json.malformed(what + ": more than " + MAX_RANK + " numbers (expected: fewer)");
        }
      }
      return sizes;
    }

    private void expect(@Nullable JsonToken token, JsonToken expected, String what)
        throws MalformedModelException {
      if (token != expected) {
        throw json.malformed(what + ": " + token + " (expected: " + expected + ")");
      }
    }
  }
}
