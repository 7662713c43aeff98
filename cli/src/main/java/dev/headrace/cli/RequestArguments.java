package dev.headrace.cli;

import dev.headrace.sdk.HeadraceClient;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A request that was submitted, whose it is, and how to print what comes of the command. */
final class RequestArguments {
  @Parameters(paramLabel = "ID", description = "The id that submit printed.")
  String id = "";

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Mixin ConnectionOptions connection = new ConnectionOptions();
  @Mixin ClientOption client = new ClientOption();

  HeadraceClient open() {
    return client.open(connection);
  }
}
