package dev.headrace.worker.generate.template;

/**
 * A piece of a template.
 *
 * @param kind what it is
 * @param text its text; of a string literal what it means
 * @param at where it begins in the template
 */
record Token(Kind kind, String text, int at) {
  enum Kind {
    /** What stands outside of tags. */
    DATA,
    /** Begins a statement; its end is an END. */
    BLOCK,
    /** Begins an expression that is written; its end is an END. */
    PRINT,
    END,
    NAME,
    NUMBER,
    STRING,
    OPERATOR
  }

  boolean is(String operatorOrName) {
    return (kind == Kind.OPERATOR || kind == Kind.NAME) && text.equals(operatorOrName);
  }
}
