package dev.headrace.worker.generate.template;

import dev.headrace.worker.generate.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a template into tokens, with Jinja's {@code trim_blocks} and {@code lstrip_blocks} on, as
 * transformers sets them: the line feed after a statement goes, and so does the indentation before
 * it.
 */
final class Lexer {
  private static final List<String> OPERATORS =
      List.of(
          "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")",
          "[", "]", "{", "}", ",", ".", ":", "|");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  /** Whether the data that follows loses its white space, as after {@code -%}. */
  private boolean strip;

  /** Whether a line feed that follows stays, as after {@code +%}. */
  private boolean keep;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String template) {
    // A template's last line feed does not count.
    String source = template.replace("\r\n", "\n");
    Lexer lexer =
        new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
    lexer.read();
    return lexer.tokens;
  }

  private void read() {
    while (at < source.length()) {
      int tag = nextTag();
      int end = tag < 0 ? source.length() : tag;
      char kind = tag < 0 ? ' ' : source.charAt(tag + 1);
      char sign = tag >= 0 && tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
      data(end, kind, sign);
      if (tag < 0) {
        return;
      }
      at = tag + (sign == '-' || sign == '+' ? 3 : 2);
      switch (kind) {
        case '#' -> comment(tag);
        case '{' -> tag(Kind.PRINT, tag, "}}");
        default -> block(tag);
      }
    }
  }

  private int nextTag() {
    for (int i = source.indexOf('{', at); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private void data(int end, char kind, char sign) {
    String text = source.substring(at, end);
    if (strip) {
      text = text.stripLeading();
    }
    if (sign == '-' && kind != ' ') {
      text = text.stripTrailing();
    } else if ((kind == '%' || kind == '#') && sign != '+') {
      text = withoutIndent(text);
    }
    strip = false;
    if (!text.isEmpty()) {
      tokens.add(new Token(Kind.DATA, text, at));
    }
  }

  /** Without the spaces that stand alone before a tag in its line. */
  private String withoutIndent(String text) {
    int end = text.length();
    while (end > 0 && (text.charAt(end - 1) == ' ' || text.charAt(end - 1) == '\t')) {
      end--;
    }
    boolean lineBegins =
        end > 0 ? text.charAt(end - 1) == '\n' : at == 0 || source.charAt(at - 1) == '\n';
    return lineBegins ? text.substring(0, end) : text;
  }

  private void comment(int tag) {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw error("comment without end", tag);
    }
    strip = source.charAt(end - 1) == '-';
    keep = source.charAt(end - 1) == '+';
    at = end + 2;
    trimLineFeed();
  }

  private void trimLineFeed() {
    if (!strip && !keep && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  private void block(int tag) {
    int first = tokens.size();
    tag(Kind.BLOCK, tag, "%}");
    trimLineFeed();
    if (tokens.get(first + 1).is("raw")) {
      tokens.subList(first, tokens.size()).clear();
      raw(tag);
    }
  }

  private void raw(int tag) {
    int end = source.indexOf("{%", at);
    while (end >= 0 && !endsRaw(end + 2)) {
      end = source.indexOf("{%", end + 1);
    }
    if (end < 0) {
      throw error("raw without endraw", tag);
    }
    tokens.add(new Token(Kind.DATA, source.substring(at, end), at));
    int close = source.indexOf("%}", end);
    strip = source.charAt(close - 1) == '-';
    keep = source.charAt(close - 1) == '+';
    at = close + 2;
    trimLineFeed();
  }

  private boolean endsRaw(int from) {
    int name = from;
    while (name < source.length() && " -+\n\t".indexOf(source.charAt(name)) >= 0) {
      name++;
    }
    return source.startsWith("endraw", name) && source.indexOf("%}", name) > 0;
  }

  private void tag(Kind kind, int tag, String close) {
    tokens.add(new Token(kind, "", tag));
    int depth = 0;
    while (true) {
      while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
        at++;
      }
      if (at >= source.length()) {
        throw error("tag without " + close, tag);
      }
      int sign = "-+".indexOf(source.charAt(at)) >= 0 ? 1 : 0;
      if (depth == 0 && source.startsWith(close, at + sign)) {
        strip = sign == 1 && source.charAt(at) == '-';
        keep = sign == 1 && !strip;
        at += sign + 2;
        tokens.add(new Token(Kind.END, "", at));
        return;
      }
      Token token = inTag();
      depth += token.kind() == Kind.OPERATOR ? nesting(token.text()) : 0;
      tokens.add(token);
    }
  }

  private static int nesting(String operator) {
    return switch (operator) {
      case "(", "[", "{" -> 1;
      case ")", "]", "}" -> -1;
      default -> 0;
    };
  }

  private Token inTag() {
    char c = source.charAt(at);
    int from = at;
    if (c == '\'' || c == '"') {
      return new Token(Kind.STRING, string(c), from);
    }
    if (Character.isDigit(c)) {
      while (at < source.length()
          && (Character.isDigit(source.charAt(at))
              || (source.charAt(at) == '.'
                  && at + 1 < source.length()
                  && Character.isDigit(source.charAt(at + 1))))) {
        at++;
      }
      return new Token(Kind.NUMBER, source.substring(from, at), from);
    }
    if (Character.isJavaIdentifierStart(c)) {
      while (at < source.length() && Character.isJavaIdentifierPart(source.charAt(at))) {
        at++;
      }
      return new Token(Kind.NAME, source.substring(from, at), from);
    }
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        at += operator.length();
        return new Token(Kind.OPERATOR, operator, from);
      }
    }
    throw error("character " + c, at);
  }

  private String string(char quote) {
    int from = at++;
    StringBuilder text = new StringBuilder();
    while (at < source.length()) {
      char c = source.charAt(at++);
      if (c == quote) {
        return text.toString();
      }
      if (c == '\\' && at < source.length()) {
        escape(source.charAt(at++), text);
      } else {
        text.append(c);
      }
    }
    throw error("string without end", from);
  }

  private void escape(char c, StringBuilder text) {
    switch (c) {
      case 'n' -> text.append('\n');
      case 't' -> text.append('\t');
      case 'r' -> text.append('\r');
      case '\n' -> {}
      case 'u', 'x' -> {
        int digits = c == 'u' ? 4 : 2;
        try {
          text.append((char) Integer.parseInt(source.substring(at, at + digits), 16));
        } catch (RuntimeException e) {
          throw error("escape \\" + c, at);
        }
        at += digits;
      }
      case '\\', '\'', '"' -> text.append(c);
      default -> text.append('\\').append(c);
    }
  }

  private static TemplateException error(String what, int at) {
    return new TemplateException("chat template: " + what + " at index " + at);
  }
}
