package dev.headrace.cli;

import dev.headrace.protocol.config.Settings;
import dev.headrace.sdk.HeadraceClient;
import picocli.CommandLine.Option;

/** As whom the command line talks: results belong to a client. */
final class ClientOption {
  @Option(
      names = "--client",
      defaultValue = "headrace-cli",
      description = "Client id; results belong to it. Default: ${DEFAULT-VALUE}.")
  String id = "";

  HeadraceClient open(Settings settings) {
    return HeadraceClient.builder().settings(settings).clientId(id).build();
  }
}
