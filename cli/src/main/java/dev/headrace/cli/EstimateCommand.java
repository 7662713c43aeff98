package dev.headrace.cli;

import picocli.CommandLine.Command;

/**
 * {@code headrace estimate TASK}: what a request would come to; the options are those of submit.
 */
@Command(
    name = EstimateCommand.NAME,
    description = "Say where and when a request would run and what it would cost; sends nothing.")
final class EstimateCommand extends TaskCommand {
  static final String NAME = "estimate";
}
