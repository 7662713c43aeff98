package dev.headrace.worker.model.gguf;

import dev.headrace.worker.model.weights.ByteRegion;
import dev.headrace.worker.model.weights.ElementType;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.StoredTensor;
import dev.headrace.worker.model.weights.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One GGUF file. Its header is walked and checked when it is opened; values are read later. */
public final class GgufFile {
  private static final int MAGIC = 0x46554747;
  private static final int MAX_DIMENSIONS = 4;
  private static final int DEFAULT_ALIGNMENT = 32;

  /** Chosen: the largest models have some 2,000 tensors and 100 keys. */
  private static final int MAX_ENTRIES = 1 << 20;

  private record Entry(int type, List<Long> shape, long offset) {
    long[] sizes() {
      return shape.stream().mapToLong(Long::longValue).toArray();
    }
  }

  private final ByteRegion region;
  private final Map<String, GgufValue> values = new LinkedHashMap<>();
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private long dataStart;

  private GgufFile(ByteRegion region) {
    this.region = region;
  }

  /** Maps a file; it may be longer than 2 GiB. */
  public static GgufFile map(Path file) throws IOException {
    return read(ByteRegion.map(file));
  }

  public static GgufFile read(ByteRegion region) throws MalformedModelException {
    GgufFile file = new GgufFile(region);
    file.header();
    return file;
  }

  private void header() throws MalformedModelException {
    GgufReader in = new GgufReader(region, 0);
    int magic = in.i32();
    if (magic != MAGIC) {
      throw in.malformed("magic", Integer.toHexString(magic), "GGUF");
    }
    int version = in.i32();
    if (version != 2 && version != 3) {
      throw in.malformed("version", Integer.toUnsignedString(version), "2 or 3");
    }
    // A tensor takes at least name, dimensions, type and offset; a value its key, kind and a byte.
    long tensors = in.count("tensor count", 24);
    long keys = in.count("key count", 13);
    if (tensors > MAX_ENTRIES || keys > MAX_ENTRIES) {
      throw in.malformed("tensors and keys", tensors + " and " + keys, "0.." + MAX_ENTRIES);
    }
    for (long i = 0; i < keys; i++) {
      value(in);
    }
    for (long i = 0; i < tensors; i++) {
      entry(in);
    }
    int alignment = integer("general.alignment", 1, 1 << 20, DEFAULT_ALIGNMENT);
    dataStart = (in.position() + alignment - 1) / alignment * alignment;
    for (Map.Entry<String, Entry> entry : entries.entrySet()) {
      check(in, entry.getKey(), entry.getValue());
    }
  }

  private void value(GgufReader in) throws MalformedModelException {
    String key = in.text("key");
    GgufValue.Kind kind = kind(in, key);
    GgufValue value;
    if (kind == GgufValue.Kind.ARRAY) {
      GgufValue.Kind element = kind(in, key);
      if (element == GgufValue.Kind.ARRAY) {
        throw in.malformed(key, "a list of lists", "a list of values");
      }
      long count = in.count(key + ": elements", Math.max(element.bytes(), 1));
      value = new GgufValue(element, true, count, in.position());
      if (element == GgufValue.Kind.STRING) {
        for (long i = 0; i < count; i++) {
          in.skipText(key);
        }
      } else {
        in.skip(count * element.bytes());
      }
    } else {
      value = new GgufValue(kind, false, 1, in.position());
      if (kind == GgufValue.Kind.STRING) {
        in.skipText(key);
      } else {
        in.skip(kind.bytes());
      }
    }
    if (values.put(key, value) != null) {
      throw in.malformed("key", key, "each key once");
    }
  }

  private static GgufValue.Kind kind(GgufReader in, String key) throws MalformedModelException {
    int kind = in.i32();
    GgufValue.Kind[] kinds = GgufValue.Kind.values();
    if (kind < 0 || kind >= kinds.length) {
      throw in.malformed(
          key + ": kind", Integer.toUnsignedString(kind), "0.." + (kinds.length - 1));
    }
    return kinds[kind];
  }

  private void entry(GgufReader in) throws MalformedModelException {
    String name = in.text("tensor");
    int dimensions = in.i32();
    if (dimensions < 0 || dimensions > MAX_DIMENSIONS) {
      throw in.malformed(
          name + ": dimensions", Integer.toUnsignedString(dimensions), "0.." + MAX_DIMENSIONS);
    }
    // The format has the fastest dimension first.
    List<Long> sizes = new ArrayList<>();
    for (int i = 0; i < dimensions; i++) {
      sizes.add(0, in.i64());
    }
    Entry entry = new Entry(in.i32(), sizes, in.i64());
    if (entries.put(name, entry) != null) {
      throw in.malformed("tensor", name, "each tensor once");
    }
  }

  /** What {@link #find} will rely on: whole blocks, inside the file. */
  private void check(GgufReader in, String name, Entry entry) throws MalformedModelException {
    Quantisation type = Quantisation.ofId(entry.type());
    if (type == null) {
      return;
    }
    long bytes;
    try {
      long elements = 1;
      for (long size : entry.shape()) {
        if (size < 0) {
          throw new ArithmeticException();
        }
        elements = Math.multiplyExact(elements, size);
      }
      bytes = Math.multiplyExact(elements / type.elements(), type.bytes());
    } catch (ArithmeticException e) {
      throw in.malformed(name + ": sizes", entry.shape().toString(), "a possible tensor");
    }
    long row = entry.shape().isEmpty() ? 1 : entry.shape().get(entry.shape().size() - 1);
    if (row % type.elements() != 0) {
      throw in.malformed(name + ": row", Long.toString(row), "whole blocks of " + type.elements());
    }
    long room = region.size() - dataStart;
    if (entry.offset() < 0 || entry.offset() > room || bytes > room - entry.offset()) {
      throw in.malformed(
          name + ": bytes",
          bytes + " at " + Long.toUnsignedString(entry.offset()),
          "within " + Math.max(room, 0));
    }
  }

  public String name() {
    return region.name();
  }

  /** Names of the tensors. */
  public Set<String> tensors() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  public boolean has(String key) {
    return values.containsKey(key);
  }

  /**
   * The tensor of that name, as float32 where it is quantised.
   *
   * @throws MalformedModelException when its type cannot be read; names tensor and type
   */
  public Optional<Tensor> find(String name) throws MalformedModelException {
    Entry entry = entries.get(name);
    if (entry == null) {
      return Optional.empty();
    }
    Quantisation type = Quantisation.ofId(entry.type());
    long offset = dataStart + entry.offset();
    if (type == null) {
      throw new GgufReader(region, 0)
          .malformed(
              name + ": type",
              Integer.toUnsignedString(entry.type()),
              "F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K or Q6_K");
    }
    return Optional.of(
        switch (type) {
          case F32 -> new StoredTensor(region, offset, ElementType.FLOAT32, entry.sizes());
          case F16 -> new StoredTensor(region, offset, ElementType.FLOAT16, entry.sizes());
          case BF16 -> new StoredTensor(region, offset, ElementType.BFLOAT16, entry.sizes());
          default -> new QuantisedTensor(region, offset, type, entry.sizes());
        });
  }

  /** The text under this key. */
  public Optional<String> text(String key) throws MalformedModelException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    require(key, value, !value.list() && value.kind() == GgufValue.Kind.STRING, "a text");
    return Optional.of(new GgufReader(region, value.offset()).text(key));
  }

  /** The whole number under this key, between {@code least} and {@code most}. */
  public int integer(String key, int least, int most, int fallback) throws MalformedModelException {
    if (!has(key)) {
      return fallback;
    }
    double number = number(key, fallback);
    if (!(number >= least && number <= most) || number != Math.rint(number)) {
      throw new GgufReader(region, 0).malformed(key, Double.toString(number), least + ".." + most);
    }
    return (int) number;
  }

  public double number(String key, double fallback) throws MalformedModelException {
    GgufValue value = values.get(key);
    if (value == null) {
      return fallback;
    }
    require(key, value, !value.list() && value.kind() != GgufValue.Kind.STRING, "a number");
    return number(new GgufReader(region, value.offset()), value.kind());
  }

  public boolean flag(String key, boolean fallback) throws MalformedModelException {
    return number(key, fallback ? 1 : 0) != 0;
  }

  /** The texts of a list; empty when absent. */
  public List<String> texts(String key) throws MalformedModelException {
    GgufValue value = values.get(key);
    if (value == null) {
      return List.of();
    }
    require(key, value, value.list() && value.kind() == GgufValue.Kind.STRING, "a list of texts");
    GgufReader in = new GgufReader(region, value.offset());
    List<String> texts = new ArrayList<>();
    for (long i = 0; i < value.count(); i++) {
      texts.add(in.text(key));
    }
    return texts;
  }

  /** The numbers of a list; empty when absent. */
  public float[] numbers(String key) throws MalformedModelException {
    GgufValue value = values.get(key);
    if (value == null) {
      return new float[0];
    }
    require(key, value, value.list() && value.kind() != GgufValue.Kind.STRING, "a list of numbers");
    GgufReader in = new GgufReader(region, value.offset());
    float[] numbers = new float[Math.toIntExact(value.count())];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) number(in, value.kind());
    }
    return numbers;
  }

  private static double number(GgufReader in, GgufValue.Kind kind) throws MalformedModelException {
    return switch (kind) {
      case UINT8, BOOL -> in.u8();
      case INT8 -> (byte) in.u8();
      case UINT16 -> in.i16() & 0xffff;
      case INT16 -> in.i16();
      case UINT32 -> Integer.toUnsignedLong(in.i32());
      case INT32 -> in.i32();
      case FLOAT32 -> Float.intBitsToFloat(in.i32());
      case UINT64, INT64 -> in.i64();
      case FLOAT64 -> Double.longBitsToDouble(in.i64());
      case STRING, ARRAY -> throw new IllegalStateException(kind + " is no number");
    };
  }

  private void require(String key, GgufValue value, boolean fits, String expected)
      throws MalformedModelException {
    if (!fits) {
      String found = (value.list() ? "a list of " : "") + value.kind();
      throw new GgufReader(region, 0).malformed(key, found, expected);
    }
  }

  MalformedModelException malformed(String key, Object found, String expected) {
    return new GgufReader(region, 0).malformed(key, String.valueOf(found), expected);
  }
}
