package dev.headrace.protocol.testing;

import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;

/**
 * Records in files that people can read and that pin every byte: printable ASCII as it is, other
 * bytes as {@code \xNN}. What a test wrote in place of a file that differs is in {@code
 * target/golden}, to be compared and copied.
 */
public final class Golden {
  private static final Path WRITTEN = Path.of("target", "golden");

  private Golden() {}

  /** Asserts that the file holds this record, byte by byte. */
  public static void assertRecord(String name, WireRecord record) {
    StringBuilder text = new StringBuilder();
    line(text, "key", record.key());
    for (WireHeader header : record.headers()) {
      line(text, "header " + header.name(), header.value());
    }
    line(text, "value", record.value());
    assertText(name, text.toString());
  }

  /** Asserts that the file holds these bytes. */
  public static void assertBytes(String name, byte[] bytes) {
    StringBuilder text = new StringBuilder();
    line(text, "bytes", bytes);
    assertText(name, text.toString());
  }

  /** Asserts that the file holds this hash. */
  public static void assertHash(String name, Map<String, String> hash) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(hash)
        .forEach((k, v) -> line(text, "field " + k, v.getBytes(StandardCharsets.UTF_8)));
    assertText(name, text.toString());
  }

  private static void assertText(String name, String actual) {
    try {
      Files.createDirectories(WRITTEN);
      Files.writeString(WRITTEN.resolve(name + ".txt"), actual);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Assertions.assertThat(actual).as("golden/%s.txt", name).isEqualTo(read(name));
  }

  /** The record in the file. */
  public static WireRecord record(String name) {
    byte[] key = null;
    byte[] value = null;
    List<WireHeader> headers = new ArrayList<>();
    for (String line : read(name).split("\n")) {
      byte[] bytes = bytesOf(line);
      String label = label(line);
      if (label.equals("key")) {
        key = bytes;
      } else if (label.equals("value")) {
        value = bytes;
      } else {
        headers.add(new WireHeader(label.substring("header ".length()), bytes));
      }
    }
    return new WireRecord(key, headers, value);
  }

  /** The bytes in the file. */
  public static byte[] bytes(String name) {
    byte[] bytes = bytesOf(read(name).strip());
    return bytes == null ? new byte[0] : bytes;
  }

  /** The hash in the file. */
  public static Map<String, String> hash(String name) {
    Map<String, String> hash = new TreeMap<>();
    for (String line : read(name).split("\n")) {
      byte[] bytes = bytesOf(line);
      hash.put(
          label(line).substring("field ".length()),
          bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8));
    }
    return hash;
  }

  private static String read(String name) {
    try (InputStream in = Golden.class.getResourceAsStream("/golden/" + name + ".txt")) {
      return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void line(StringBuilder text, String label, byte @Nullable [] bytes) {
    text.append(label);
    if (bytes == null) {
      text.append(" is null\n");
      return;
    }
    text.append(": ");
    for (byte b : bytes) {
      if (b >= 0x20 && b < 0x7f && b != '\\') {
        text.append((char) b);
      } else {
        text.append(String.format("\\x%02x", b & 0xff));
      }
    }
    text.append('\n');
  }

  private static String label(String line) {
    return line.endsWith(" is null")
        ? line.substring(0, line.length() - " is null".length())
        : line.substring(0, line.indexOf(": "));
  }

  private static byte @Nullable [] bytesOf(String line) {
    if (line.endsWith(" is null")) {
      return null;
    }
    String text = line.substring(line.indexOf(": ") + 2);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '\\') {
        bytes.write(Integer.parseInt(text.substring(i + 2, i + 4), 16));
        i += 3;
      } else {
        bytes.write(text.charAt(i));
      }
    }
    return bytes.toByteArray();
  }
}
