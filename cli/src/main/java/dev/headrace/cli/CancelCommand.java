package dev.headrace.cli;

import dev.headrace.sdk.HeadraceClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code headrace cancel ID}. */
@Command(
    name = "cancel",
    description = "Cancel a request; exit status 1 when another outcome was first.",
    mixinStandardHelpOptions = true)
final class CancelCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ID", description = "The id that submit printed.")
  String id = "";

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Mixin ConnectionOptions connection = new ConnectionOptions();
  @Mixin ClientOption client = new ClientOption();

  @Override
  public Integer call() {
    try (HeadraceClient headrace = client.open(connection)) {
      boolean cancelled = headrace.cancel(id);
      System.out.println(
          json
              ? "{\"cancelled\":" + cancelled + "}"
              : cancelled ? "cancelled" : "too late: the request has another outcome");
      return cancelled ? 0 : Main.FAILED;
    }
  }
}
