package dev.headrace.cli;

import picocli.CommandLine.Command;

/** {@code headrace submit TASK}: one request, and its outcome. */
@Command(name = "submit", description = "Submit one request and wait for its outcome.")
final class SubmitCommand extends TaskCommand {}
