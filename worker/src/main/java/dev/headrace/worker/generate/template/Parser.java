package dev.headrace.worker.generate.template;

import dev.headrace.worker.generate.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Statements of a template. */
final class Parser {
  private final Cursor cursor;
  private final ExpressionParser expressions;

  /** Something that writes. */
  interface Node {
    Flow render(Run run);
  }

  /** How a loop goes on after a node. */
  enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  private Parser(List<Token> tokens) {
    this.cursor = new Cursor(tokens);
    this.expressions = new ExpressionParser(cursor);
  }

  static Node parse(String template) {
    Parser parser = new Parser(Lexer.tokens(template));
    Node node = parser.body(Set.of());
    return node;
  }

  /** Up to one of these statements, or the end of the template if there are none. */
  private Node body(Set<String> ends) {
    cursor.enter();
    List<Node> nodes = new ArrayList<>();
    while (!cursor.done()) {
      Token token = cursor.next();
      switch (token.kind()) {
        case DATA -> nodes.add(data(token.text()));
        case PRINT -> {
          Expression value = expressions.parse();
          cursor.expect(Kind.END);
          nodes.add(
              run -> {
                run.write(Values.text(value.of(run)));
                return Flow.ON;
              });
        }
        default -> {
          if (ends.contains(cursor.peek().text())) {
            cursor.leave();
            return sequence(nodes);
          }
          nodes.add(statement(cursor.expect(Kind.NAME)));
        }
      }
    }
    if (!ends.isEmpty()) {
      throw cursor.error("end of the template (expected: one of " + ends + ")");
    }
    cursor.leave();
    return sequence(nodes);
  }

  private static Node data(String text) {
    return run -> {
      run.write(text);
      return Flow.ON;
    };
  }

  private static Node sequence(List<Node> nodes) {
    return run -> {
      for (Node node : nodes) {
        run.work(0);
        Flow flow = node.render(run);
        if (flow != Flow.ON) {
          return flow;
        }
      }
      return Flow.ON;
    };
  }

  private Node statement(Token name) {
    return switch (name.text()) {
      case "if" -> condition();
      case "for" -> loop();
      case "set" -> assignment();
      case "macro" -> macro();
      case "break" -> end(run -> Flow.BREAK);
      case "continue" -> end(run -> Flow.CONTINUE);
      case "generation" -> {
        cursor.expect(Kind.END);
        Node body = body(Set.of("endgeneration"));
        endOf("endgeneration");
        yield body;
      }
      default ->
          throw cursor.error(
              "statement "
                  + name.text()
                  + " (expected: if, for, set, macro, break, continue, generation or raw)");
    };
  }

  private Node end(Node node) {
    cursor.expect(Kind.END);
    return node;
  }

  private void endOf(String statement) {
    if (!cursor.accept(statement)) {
      throw cursor.error("no " + statement);
    }
    cursor.expect(Kind.END);
  }

  private Node condition() {
    Expression test = expressions.parse();
    cursor.expect(Kind.END);
    Node then = body(Set.of("elif", "else", "endif"));
    Node otherwise;
    if (cursor.accept("elif")) {
      otherwise = condition();
    } else if (cursor.accept("else")) {
      cursor.expect(Kind.END);
      otherwise = body(Set.of("endif"));
      endOf("endif");
    } else {
      endOf("endif");
      otherwise = run -> Flow.ON;
    }
    return run -> (Values.truth(test.of(run)) ? then : otherwise).render(run);
  }

  private Node loop() {
    List<String> names = names();
    if (!cursor.accept("in")) {
      throw cursor.error("for without in");
    }
    Expression over = expressions.withoutCondition();
    Expression only = cursor.accept("if") ? expressions.parse() : null;
    cursor.expect(Kind.END);
    Node body = body(Set.of("else", "endfor"));
    Node otherwise = null;
    if (cursor.accept("else")) {
      cursor.expect(Kind.END);
      otherwise = body(Set.of("endfor"));
    }
    endOf("endfor");
    return new Loop(names, over, only, body, otherwise);
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    boolean bracket = cursor.accept("(");
    do {
      names.add(cursor.expect(Kind.NAME).text());
    } while (cursor.accept(","));
    if (bracket && !cursor.accept(")")) {
      throw cursor.error("no )");
    }
    return names;
  }

  private Node assignment() {
    String name = cursor.expect(Kind.NAME).text();
    if (cursor.accept(".")) {
      String attribute = cursor.expect(Kind.NAME).text();
      cursor.require("=");
      Expression value = expressions.parseTuple();
      return end(new Assignment.ToNamespace(name, attribute, value));
    }
    List<String> names = new ArrayList<>(List.of(name));
    while (cursor.accept(",")) {
      names.add(cursor.expect(Kind.NAME).text());
    }
    if (cursor.accept("=")) {
      return end(new Assignment(names, expressions.parseTuple()));
    }
    cursor.expect(Kind.END);
    Node body = body(Set.of("endset"));
    endOf("endset");
    return run -> {
      Run aside = run.aside();
      body.render(aside);
      run.set(name, aside.written());
      return Flow.ON;
    };
  }

  private Node macro() {
    String name = cursor.expect(Kind.NAME).text();
    cursor.require("(");
    List<String> parameters = new ArrayList<>();
    List<@Nullable Expression> defaults = new ArrayList<>();
    while (!cursor.accept(")")) {
      parameters.add(cursor.expect(Kind.NAME).text());
      defaults.add(cursor.accept("=") ? expressions.parse() : null);
      cursor.accept(",");
    }
    cursor.expect(Kind.END);
    Node body = body(Set.of("endmacro"));
    endOf("endmacro");
    return new Macro(name, parameters, defaults, body);
  }
}
