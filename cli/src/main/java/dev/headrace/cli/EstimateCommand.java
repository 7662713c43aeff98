package dev.headrace.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code headrace estimate TASK}: what a request would come to; the options are those of submit.
 */
@Command(
    name = EstimateCommand.NAME,
    description = "Say where and when a request would run and what it would cost; sends nothing.",
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
final class EstimateCommand implements Runnable {
  static final String NAME = "estimate";

  @Spec CommandSpec spec;

  @Override
  public void run() {
    String tasks = String.join(", ", spec.subcommands().keySet());
    throw new ParameterException(
        spec.commandLine(), "task: missing (expected: one of " + tasks + ")");
  }
}
