package dev.headrace.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that does something with one request; the request is that of its subcommand. */
@Command(
    subcommands = {
      SubmitChat.class,
      SubmitGenerate.class,
      SubmitEmbed.class,
      SubmitClassify.class,
      SubmitRerank.class,
      SubmitEntities.class,
      SubmitFillMask.class
    },
    mixinStandardHelpOptions = true)
abstract class TaskCommand implements Runnable {
  @Spec CommandSpec spec;

  @Override
  public void run() {
    String tasks = String.join(", ", spec.subcommands().keySet());
    throw new ParameterException(
        spec.commandLine(), "task: missing (expected: one of " + tasks + ")");
  }
}
