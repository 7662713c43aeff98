package dev.headrace.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code headrace submit TASK}: one request, and its outcome. */
@Command(
    name = "submit",
    description = "Submit one request and wait for its outcome.",
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
final class SubmitCommand implements Runnable {
  @Spec CommandSpec spec;

  @Override
  public void run() {
    String tasks = String.join(", ", spec.subcommands().keySet());
    throw new ParameterException(
        spec.commandLine(), "task: missing (expected: one of " + tasks + ")");
  }
}
