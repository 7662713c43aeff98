package dev.headrace.cli.demo;

import dev.headrace.cli.stack.LocalStack;
import dev.headrace.protocol.Status;
import dev.headrace.sdk.HeadraceClient;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Starts the stack, runs the workload, reports, stops. */
public final class Demo {
  private static final long SEED = 2026;
  private static final Duration LAST_OUTCOMES = Duration.ofMinutes(10);

  private final int requests;
  private final double rate;
  private final boolean json;

  /**
   * A demo of this size.
   *
   * @param rate requests per second, 0 for as fast as the client takes them
   * @param json whether the report is JSON; progress then goes to stderr all the same
   */
  public Demo(int requests, double rate, boolean json) {
    this.requests = requests;
    this.rate = rate;
    this.json = json;
  }

  /** Runs it; whether every request has an outcome and each failure its dead letter. */
  public boolean run() throws Exception {
    PrintStream progress = System.err;
    boolean generates = DemoTexts.available();
    progress.println("starting Kafka, Redis, a router and two workers on 127.0.0.1 ...");
    progress.println(generates ? DemoTexts.PRESENT : DemoTexts.ABSENT);
    long begin = System.nanoTime();
    try (LocalStack stack = LocalStack.start(generates ? DemoTexts.settings() : Map.of())) {
      progress.printf("ready after %.1f s%n", (System.nanoTime() - begin) / 1e9);
      DemoReport report = run(stack, generates, progress);
      System.out.println(json ? report.toJson() : report.toTable());
      int ended = report.tally().size();
      int letters = report.deadLetters().values().stream().mapToInt(n -> n).sum();
      return ended == requests
          && letters == report.tally().count(Status.FAILED)
          && (report.texts() == null || report.texts().complete());
    }
  }

  private DemoReport run(LocalStack stack, boolean generates, PrintStream progress)
      throws Exception {
    List<Workload.Planned> workload = Workload.make(requests, SEED);
    Tally tally = new Tally();
    boolean terminal = !json && Boolean.getBoolean("headrace.terminal");
    LiveView view = new LiveView(progress, terminal, requests, System.nanoTime());
    try (HeadraceClient client = stack.client("demo")) {
      DemoTexts texts = generates ? DemoTexts.submit(client) : null;
      double seconds =
          new DemoRun(client, workload, rate, view, tally, System.nanoTime()).run(LAST_OUTCOMES);
      DemoTexts.Written written = texts == null ? null : texts.await(LAST_OUTCOMES);
      return new DemoReport(tally, seconds, stack.deadLetters(), written);
    }
  }
}
