package dev.headrace.worker.generate.template;

import dev.headrace.worker.generate.template.Token.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Expressions, from the loosest binding operator to the tightest. */
final class ExpressionParser {
  private final Cursor cursor;

  ExpressionParser(Cursor cursor) {
    this.cursor = cursor;
  }

  /** An expression, or several with commas between them, which are a list. */
  Expression parseTuple() {
    Expression first = parse();
    if (!cursor.at(",")) {
      return first;
    }
    List<Expression> all = new ArrayList<>(List.of(first));
    while (cursor.accept(",")) {
      all.add(parse());
    }
    return list(all);
  }

  Expression parse() {
    cursor.enter();
    Expression value = withoutCondition();
    while (cursor.accept("if")) {
      Expression then = value;
      Expression test = withoutCondition();
      Expression otherwise = cursor.accept("else") ? parse() : run -> Values.UNDEFINED;
      value = run -> (Values.truth(test.of(run)) ? then : otherwise).of(run);
    }
    cursor.leave();
    return value;
  }

  Expression withoutCondition() {
    Expression left = and();
    while (cursor.accept("or")) {
      Expression first = left;
      Expression second = and();
      left =
          run -> {
            Object value = first.of(run);
            return Values.truth(value) ? value : second.of(run);
          };
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (cursor.accept("and")) {
      Expression first = left;
      Expression second = not();
      left =
          run -> {
            Object value = first.of(run);
            return Values.truth(value) ? second.of(run) : value;
          };
    }
    return left;
  }

  private Expression not() {
    if (cursor.accept("not")) {
      cursor.enter();
      Expression value = not();
      cursor.leave();
      return run -> !Values.truth(value.of(run));
    }
    return comparison();
  }

  private Expression comparison() {
    Expression left = sum();
    Expression all = null;
    while (true) {
      String operator = comparisonOperator();
      if (operator.isEmpty()) {
        return all == null ? left : all;
      }
      Expression first = left;
      Expression second = sum();
      Expression one = run -> Operators.compare(operator, first.of(run), second.of(run));
      Expression before = all;
      all = before == null ? one : run -> Values.truth(before.of(run)) && Values.truth(one.of(run));
      left = second;
    }
  }

  private String comparisonOperator() {
    for (String operator : List.of("==", "!=", "<=", ">=", "<", ">", "in")) {
      if (cursor.accept(operator)) {
        return operator;
      }
    }
    if (cursor.accept("not")) {
      cursor.require("in");
      return "not in";
    }
    return "";
  }

  private Expression sum() {
    return binary(List.of("+", "-"), () -> binary(List.of("~"), this::product));
  }

  private Expression product() {
    return binary(List.of("*", "//", "/", "%"), this::unary);
  }

  private interface Operand {
    Expression parse();
  }

  private Expression binary(List<String> operators, Operand operand) {
    Expression left = operand.parse();
    while (true) {
      String found = operators.stream().filter(cursor::at).findFirst().orElse("");
      if (found.isEmpty()) {
        return left;
      }
      cursor.next();
      Expression first = left;
      Expression second = operand.parse();
      left = run -> Operators.arithmetic(found, first.of(run), second.of(run), run);
    }
  }

  private Expression unary() {
    if (cursor.at("-") || cursor.at("+")) {
      boolean minus = cursor.next().text().equals("-");
      cursor.enter();
      Expression value = unary();
      cursor.leave();
      return minus ? run -> Operators.arithmetic("-", 0L, value.of(run), run) : value;
    }
    Expression value = postfix(primary());
    if (cursor.accept("**")) {
      Expression base = value;
      Expression exponent = unary();
      value = run -> Operators.arithmetic("**", base.of(run), exponent.of(run), run);
    }
    return filters(value);
  }

  private Expression filters(Expression value) {
    Expression result = value;
    while (true) {
      if (cursor.accept("|")) {
        result = postfix(filter(result));
      } else if (cursor.accept("is")) {
        result = test(result);
      } else {
        return result;
      }
    }
  }

  private Expression filter(Expression value) {
    String name = cursor.expect(Kind.NAME).text();
    Filters.require(name);
    Arguments arguments = cursor.accept("(") ? arguments() : Arguments.NONE;
    return run ->
        Filters.apply(name, value.of(run), arguments.positional(run), arguments.named(run), run);
  }

  private Expression test(Expression value) {
    boolean negated = cursor.accept("not");
    String name = cursor.next().text();
    Tests.require(name);
    Expression argument = run -> null;
    if (cursor.accept("(")) {
      argument = cursor.at(")") ? argument : parse();
      cursor.require(")");
    } else if (Tests.takesArgument(name)) {
      argument = postfix(primary());
    }
    Expression other = argument;
    return run -> Tests.apply(name, value.of(run), other.of(run)) != negated;
  }

  private Expression postfix(Expression start) {
    Expression value = start;
    while (true) {
      Expression of = value;
      if (cursor.accept(".")) {
        Token name = cursor.next();
        if (name.kind() == Kind.NUMBER) {
          long index = Long.parseLong(name.text());
          value = run -> Operators.item(of.of(run), index);
        } else if (cursor.accept("(")) {
          Arguments arguments = arguments();
          value =
              run ->
                  Methods.call(
                      of.of(run),
                      name.text(),
                      arguments.positional(run),
                      arguments.named(run),
                      run);
        } else {
          value = run -> Operators.item(of.of(run), name.text());
        }
      } else if (cursor.accept("[")) {
        value = subscript(of);
      } else if (cursor.accept("(")) {
        Arguments arguments = arguments();
        value = run -> call(of.of(run), arguments, run);
      } else {
        return value;
      }
    }
  }

  private static @Nullable Object call(@Nullable Object callee, Arguments arguments, Run run) {
    if (!(callee instanceof Values.Function function)) {
      throw new TemplateException("chat template: call of " + Values.describe(callee));
    }
    run.work(1);
    return function.call(arguments.positional(run), arguments.named(run));
  }

  private Expression subscript(Expression of) {
    Expression from = cursor.at(":") ? run -> null : parse();
    if (cursor.accept("]")) {
      return run -> Operators.item(of.of(run), from.of(run));
    }
    cursor.require(":");
    Expression to = cursor.at(":") || cursor.at("]") ? run -> null : parse();
    Expression step = cursor.accept(":") && !cursor.at("]") ? parse() : run -> null;
    cursor.require("]");
    return run -> Operators.slice(of.of(run), from.of(run), to.of(run), step.of(run), run);
  }

  /** Arguments of a call, after its opening bracket. */
  private Arguments arguments() {
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new HashMap<>();
    while (!cursor.accept(")")) {
      Expression value = parse();
      if (cursor.accept("=")) {
        if (!(value instanceof Name name)) {
          throw cursor.error("= after something else than a name");
        }
        named.put(name.name(), parse());
      } else {
        positional.add(value);
      }
      if (!cursor.at(")")) {
        cursor.require(",");
      }
    }
    return new Arguments(positional, named);
  }

  private record Arguments(List<Expression> values, Map<String, Expression> names) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    List<@Nullable Object> positional(Run run) {
      List<@Nullable Object> all = new ArrayList<>(values.size());
      values.forEach(v -> all.add(v.of(run)));
      return all;
    }

    Map<String, @Nullable Object> named(Run run) {
      Map<String, @Nullable Object> all = new HashMap<>();
      names.forEach((name, value) -> all.put(name, value.of(run)));
      return all;
    }
  }

  private record Name(String name) implements Expression {
    @Override
    public @Nullable Object of(Run run) {
      return run.get(name);
    }
  }

  private Expression primary() {
    cursor.enter();
    Token token = cursor.next();
    Expression value =
        switch (token.kind()) {
          case STRING -> string(token.text());
          case NUMBER -> constant(number(token.text()));
          case NAME -> name(token.text());
          case OPERATOR -> bracket(token.text());
          default -> throw cursor.error("no expression before");
        };
    cursor.leave();
    return value;
  }

  private Expression string(String first) {
    StringBuilder text = new StringBuilder(first);
    while (cursor.peek().kind() == Kind.STRING) {
      text.append(cursor.next().text());
    }
    return constant(text.toString());
  }

  private Object number(String text) {
    try {
      if (text.contains(".")) {
        return Double.valueOf(text);
      }
      return Long.valueOf(text);
    } catch (NumberFormatException e) {
      throw cursor.error("number " + text);
    }
  }

  private static Expression name(String name) {
    return switch (name) {
      case "true", "True" -> constant(true);
      case "false", "False" -> constant(false);
      case "none", "None" -> constant(null);
      default -> new Name(name);
    };
  }

  private static Expression constant(@Nullable Object value) {
    return run -> value;
  }

  private Expression bracket(String bracket) {
    return switch (bracket) {
      case "(" -> {
        Expression value = cursor.at(")") ? list(List.of()) : parseTuple();
        cursor.require(")");
        yield value;
      }
      case "[" -> list(elements());
      case "{" -> map();
      default -> throw cursor.error("no expression before");
    };
  }

  private List<Expression> elements() {
    List<Expression> elements = new ArrayList<>();
    while (!cursor.accept("]")) {
      elements.add(parse());
      if (!cursor.at("]")) {
        cursor.require(",");
      }
    }
    return elements;
  }

  private static Expression list(List<Expression> elements) {
    return run -> {
      List<@Nullable Object> values = new ArrayList<>(elements.size());
      run.work(elements.size());
      elements.forEach(e -> values.add(e.of(run)));
      return values;
    };
  }

  private Expression map() {
    Map<Expression, Expression> entries = new LinkedHashMap<>();
    while (!cursor.accept("}")) {
      Expression key = parse();
      cursor.require(":");
      entries.put(key, parse());
      if (!cursor.at("}")) {
        cursor.require(",");
      }
    }
    return run -> {
      Map<String, @Nullable Object> values = new LinkedHashMap<>();
      entries.forEach((key, value) -> values.put(Values.text(key.of(run)), value.of(run)));
      return values;
    };
  }
}
