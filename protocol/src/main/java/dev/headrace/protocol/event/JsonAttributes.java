package dev.headrace.protocol.event;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes a flat JSON object of texts, byte for byte as Jackson does (surrogate pairs as UTF-8):
 * every outcome passes here twice, and the general writer took a third of the worker loop's time.
 * Texts are well formed.
 */
final class JsonAttributes {
  private static final byte[] HEX = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);

  private byte[] out;
  private int length;

  /** An object without fields. */
  JsonAttributes(int sizeHint) {
    out = new byte[Math.max(16, sizeHint)];
    out[length++] = '{';
  }

  void put(String name, String value) {
    if (length > 1) {
      ascii(',');
    }
    text(name);
    ascii(':');
    text(value);
  }

  /** The object, the separator and the body. */
  byte[] finish(char separator, byte[] body) {
    byte[] all = Arrays.copyOf(out, length + 2 + body.length);
    all[length] = '}';
    all[length + 1] = (byte) separator;
    System.arraycopy(body, 0, all, length + 2, body.length);
    return all;
  }

  private void text(String text) {
    // Six bytes is the longest form of a character, two are the quotes.
    int needed = length + 6 * text.length() + 2;
    if (needed > out.length) {
      out = Arrays.copyOf(out, Math.max(needed, 2 * out.length));
    }
    out[length++] = '"';
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        other(text, i);
        break;
      } else if (c < ' ' || c == '"' || c == '\\') {
        escaped(c);
      } else {
        out[length++] = (byte) c;
      }
    }
    out[length++] = '"';
  }

  /** The rest of a text that is not all ASCII. */
  private void other(String text, int from) {
    for (byte b : text.substring(from).getBytes(StandardCharsets.UTF_8)) {
      if (b >= 0 && (b < ' ' || b == '"' || b == '\\')) {
        escaped((char) b);
      } else {
        out[length++] = b;
      }
    }
  }

  private void escaped(char c) {
    out[length++] = '\\';
    switch (c) {
      case '"', '\\' -> out[length++] = (byte) c;
      case '\b' -> out[length++] = 'b';
      case '\t' -> out[length++] = 't';
      case '\n' -> out[length++] = 'n';
      case '\f' -> out[length++] = 'f';
      case '\r' -> out[length++] = 'r';
      default -> {
        out[length++] = 'u';
        out[length++] = '0';
        out[length++] = '0';
        out[length++] = HEX[c >> 4];
        out[length++] = HEX[c & 15];
      }
    }
  }

  private void ascii(char c) {
    if (length == out.length) {
      out = Arrays.copyOf(out, 2 * out.length);
    }
    out[length++] = (byte) c;
  }
}
