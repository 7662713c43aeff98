package dev.headrace.cli;

import dev.headrace.cli.stack.LocalStack;
import dev.headrace.cli.stack.StackFile;
import dev.headrace.protocol.config.Settings;
import dev.headrace.router.RouterConfig;
import dev.headrace.worker.WorkerProcess;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headrace up}: the demo's stack, kept running. */
@Command(
    name = "up",
    description = "Keep Kafka, Redis, a router and two workers running in one JVM until Ctrl-C.",
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print the addresses as one JSON object.")
  boolean json;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any setting of docs/configuration.md; may be given several times.")
  Map<String, String> settings = new TreeMap<>();

  @Override
  public Integer call() throws Exception {
    requireValid();
    StackFile file = new StackFile();
    try (Termination termination = new Termination();
        LocalStack stack = LocalStack.startForOrderlyEnd(settings)) {
      HttpConfig http = HttpConfig.read(stack.settings());
      try (var endpoint = stack.http(http.address(), http.port())) {
        Map<String, String> addresses = stack.addresses();
        file.write(addresses);
        print(addresses, endpoint.url());
        stack.awaitEnd(termination::requested);
      } finally {
        file.delete();
      }
      return stack.failed() ? Main.FAILED : 0;
    }
  }

  /** Before anything starts: each part reads its own settings only, and would say no word. */
  private void requireValid() {
    Settings all = Settings.of(settings);
    RouterConfig.read(all);
    WorkerProcess.plan(all);
    HttpConfig.read(all);
    all.requireValid(ConfigurationDoc.keys());
  }

  private void print(Map<String, String> addresses, String url) {
    String kafka = addresses.get("kafka.bootstrap-servers");
    String redis = addresses.get("redis.uri");
    System.out.println(
        json
            ? "{\"kafka\":\"" + kafka + "\",\"redis\":\"" + redis + "\",\"http\":\"" + url + "\"}"
            : "kafka  "
                + kafka
                + "\nredis  "
                + redis
                + "\nhttp   "
                + url
                + "  (/health, /metrics)\nready; Ctrl-C stops it");
    System.out.flush();
  }
}
