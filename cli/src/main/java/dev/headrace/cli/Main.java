package dev.headrace.cli;

import dev.headrace.protocol.config.ConfigException;
import dev.headrace.sdk.InvalidRequestException;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program {@code headrace}. */
@Command(
    name = "headrace",
    mixinStandardHelpOptions = true,
    version = "headrace 0.1.0-SNAPSHOT",
    description =
        "Asynchronous inference on mixed GPU types, driven by Kafka, at the lowest cost that still"
            + " meets each request's deadline.",
    subcommands = {
      DemoCommand.class,
      UpCommand.class,
      RouterCommand.class,
      WorkerCommand.class,
      SubmitCommand.class,
      EstimateCommand.class,
      BatchCommand.class,
      ResultCommand.class,
      CancelCommand.class,
      DevicesCommand.class,
      DoctorCommand.class,
      ProfileCommand.class,
      BenchCommand.class,
      ModelsCommand.class
    })
public final class Main implements Runnable {
  /** Wrong usage or input. */
  static final int USAGE = 2;

  /** The command could not do its work. */
  static final int FAILED = 1;

  /** A worker's device failed, or does not come back: only a new process can use it again. */
  static final int DEVICE_LOST = 3;

  private static final Set<String> SERVING = Set.of("up", "router", "worker");

  @picocli.CommandLine.Spec CommandLine.Model.CommandSpec spec;

  /** Runs the command line; 0 on success, 2 on wrong usage or input, 1 on failure. */
  public static void main(String[] args) {
    quietUnlessServing(args);
    System.exit(commandLine().execute(args));
  }

  /** Only programs that serve log their state; must come before the first logger is made. */
  private static void quietUnlessServing(String[] args) {
    String level = "org.slf4j.simpleLogger.log.dev.headrace";
    boolean serving = args.length > 0 && SERVING.contains(args[0]);
    if (!serving && System.getProperty(level) == null) {
      System.setProperty(level, "warn");
    }
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((e, args) -> wrongUsage(e))
        .setExecutionExceptionHandler(
            (e, commandLine, parsed) -> {
              commandLine.getErr().println(commandLine.getColorScheme().errorText(message(e)));
              return exitCode(e);
            });
  }

  /** The error, and where help is: all of the help would push the error out of sight. */
  private static int wrongUsage(CommandLine.ParameterException e) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    command.getErr().println(command.getColorScheme().errorText("headrace: " + e.getMessage()));
    CommandLine.UnmatchedArgumentException.printSuggestions(e, command.getErr());
    command.getErr().println("'" + name + " --help' says what there is");
    return USAGE;
  }

  private static int exitCode(Exception e) {
    return e instanceof ConfigException || e instanceof InvalidRequestException ? USAGE : FAILED;
  }

  private static String message(Exception e) {
    Throwable cause = e;
    while (cause.getCause() != null
        && (cause instanceof CompletionException || cause instanceof ExecutionException)) {
      cause = cause.getCause(); // the wrapper says no more than the name of a class
    }
    String message = cause.getMessage();
    return "headrace: " + (message == null ? cause.toString() : message);
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(),
        "command: missing (expected: one of "
            + String.join(", ", spec.subcommands().keySet())
            + ")");
  }
}
