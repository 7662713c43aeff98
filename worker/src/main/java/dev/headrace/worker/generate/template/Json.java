package dev.headrace.worker.generate.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values as JSON in the form of Python's {@code json.dumps}, and as Python writes them. */
final class Json {
  private final StringBuilder out = new StringBuilder();
  private final int indent;
  private final boolean python;

  private Json(int indent, boolean python) {
    this.indent = indent;
    this.python = python;
  }

  /**
   * JSON, not escaped beyond what JSON demands.
   *
   * @param indent spaces of each level; below 0 for all in one line
   */
  static String of(@Nullable Object value, int indent) {
    Json json = new Json(indent, false);
    json.write(value, 0);
    return json.out.toString();
  }

  /** As Python's {@code repr}. */
  static String repr(@Nullable Object value) {
    Json json = new Json(-1, true);
    json.write(value, 0);
    return json.out.toString();
  }

  private void write(@Nullable Object value, int depth) {
    if (depth > 100) {
      throw new TemplateException("chat template: value nested deeper than 100");
    }
    if (value instanceof String s) {
      string(s);
    } else if (value instanceof Map<?, ?> map) {
      open('{', map.isEmpty(), depth);
      int i = 0;
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        next(i++, depth);
        string(String.valueOf(entry.getKey()));
        out.append(": ");
        write(entry.getValue(), depth + 1);
      }
      close('}', map.isEmpty(), depth);
    } else if (value instanceof List<?> list) {
      open('[', list.isEmpty(), depth);
      for (int i = 0; i < list.size(); i++) {
        next(i, depth);
        write(list.get(i), depth + 1);
      }
      close(']', list.isEmpty(), depth);
    } else if (value == null || value instanceof Boolean) {
      String text = Values.text(value);
      out.append(python ? text : value == null ? "null" : value.toString());
    } else if (value instanceof Number) {
      out.append(value);
    } else {
      throw new TemplateException("chat template: tojson of " + Values.describe(value));
    }
  }

  private void open(char bracket, boolean empty, int depth) {
    out.append(bracket);
    if (!empty) {
      line(depth + 1);
    }
  }

  private void next(int i, int depth) {
    if (i > 0) {
      out.append(indent < 0 ? ", " : ",");
      line(depth + 1);
    }
  }

  private void close(char bracket, boolean empty, int depth) {
    if (!empty) {
      line(depth);
    }
    out.append(bracket);
  }

  private void line(int depth) {
    if (indent >= 0) {
      out.append('\n').append(" ".repeat(indent * depth));
    }
  }

  private void string(String text) {
    char quote = python ? (text.contains("'") && !text.contains("\"") ? '"' : '\'') : '"';
    out.append(quote);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append(python ? "\\x08" : "\\b");
        case '\f' -> out.append(python ? "\\x0c" : "\\f");
        default -> {
          if (c == quote) {
            out.append('\\').append(c);
          } else if (c < ' ') {
            out.append(String.format(python ? "\\x%02x" : "\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append(quote);
  }
}
