package dev.headrace.cli;

import dev.headrace.sdk.HeadraceClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code headrace cancel ID}. */
@Command(
    name = "cancel",
    description = "Cancel a request; exit status 1 when another outcome was first.",
    mixinStandardHelpOptions = true)
final class CancelCommand implements Callable<Integer> {
  @Mixin RequestArguments request = new RequestArguments();

  @Override
  public Integer call() {
    try (HeadraceClient headrace = request.open()) {
      boolean cancelled = headrace.cancel(request.id);
      System.out.println(
          request.json
              ? "{\"cancelled\":" + cancelled + "}"
              : cancelled ? "cancelled" : "too late: the request has another outcome");
      return cancelled ? 0 : Main.FAILED;
    }
  }
}
