package dev.headrace.transport.redis;

import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Protocol.Command;

/**
 * One command or script call. Its keys are all in one slot.
 *
 * @param command what is called, or null for a script
 * @param script what is run, or null for a command
 * @param keys the keys, at least one
 * @param arguments behind the keys; text or bytes
 */
record Call(
    @org.jspecify.annotations.Nullable Command command,
    @org.jspecify.annotations.Nullable Script script,
    List<String> keys,
    List<Object> arguments) {

  static Call of(Command command, String key, Object... arguments) {
    return new Call(command, null, List.of(key), List.of(arguments));
  }

  static Call of(Script script, List<String> keys, Object... arguments) {
    return new Call(null, script, keys, List.of(arguments));
  }

  /** A script call with arguments of which the number is not known before. */
  static Call ofAll(Script script, List<String> keys, Object first, List<String> others) {
    List<Object> arguments = new ArrayList<>(others.size() + 1);
    arguments.add(first);
    arguments.addAll(others);
    return new Call(null, script, keys, arguments);
  }

  /** What names this call in messages. */
  String place() {
    return (script == null ? String.valueOf(command) : script.name() + ".lua") + " " + keys.get(0);
  }

  /** As it is sent the first time: a script by its digest. */
  CommandObject<Object> byDigest() {
    return script == null ? plain(command) : scripted(Command.EVALSHA, script.sha());
  }

  /** As it is sent when Redis does not know the script: with its text. */
  CommandObject<Object> bySource() {
    return script == null ? plain(command) : scripted(Command.EVAL, script.source());
  }

  private CommandObject<Object> plain(@org.jspecify.annotations.Nullable Command plain) {
    if (plain == null) {
      throw new IllegalStateException("neither command nor script");
    }
    return object(new CommandArguments(plain));
  }

  private CommandObject<Object> scripted(Command eval, String what) {
    return object(new CommandArguments(eval).add(what).add(keys.size()));
  }

  private CommandObject<Object> object(CommandArguments line) {
    for (String key : keys) {
      line.key(key);
    }
    for (Object argument : arguments) {
      line.add(argument);
    }
    return new CommandObject<>(line, BuilderFactory.RAW_OBJECT);
  }
}
