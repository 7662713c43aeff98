package dev.headrace.worker.generate.template;

import dev.headrace.worker.generate.template.Token.Kind;
import java.util.List;

/** A place in the tokens of a template. */
final class Cursor {
  private static final int MAX_DEPTH = 100;
  private static final Token NOTHING = new Token(Kind.END, "", -1);

  private final List<Token> tokens;
  private int at;
  private int depth;

  Cursor(List<Token> tokens) {
    this.tokens = tokens;
  }

  boolean done() {
    return at >= tokens.size();
  }

  Token peek() {
    return at < tokens.size() ? tokens.get(at) : NOTHING;
  }

  Token next() {
    Token token = peek();
    at++;
    return token;
  }

  boolean at(String operatorOrName) {
    return peek().is(operatorOrName);
  }

  boolean accept(String operatorOrName) {
    if (at(operatorOrName)) {
      at++;
      return true;
    }
    return false;
  }

  void require(String operator) {
    if (!accept(operator)) {
      throw error("no " + operator);
    }
  }

  Token expect(Kind kind) {
    if (peek().kind() != kind) {
      throw error("no " + kind.name().toLowerCase(java.util.Locale.ROOT));
    }
    return next();
  }

  /** Bounds how deep the parser calls itself. */
  void enter() {
    if (++depth > MAX_DEPTH) {
      throw error("nested deeper than " + MAX_DEPTH);
    }
  }

  void leave() {
    depth--;
  }

  TemplateException error(String what) {
    Token token = peek();
    return new TemplateException(
        "chat template: "
            + what
            + " at "
            + (token.at() < 0 ? "the end" : "index " + token.at() + " \"" + token.text() + "\""));
  }
}
