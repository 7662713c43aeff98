package dev.headrace.bench.pipeline;

import dev.headrace.bench.JvmTimes;
import dev.headrace.bench.baseline.BaselinePipeline;
import dev.headrace.embedded.EmbeddedServers;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One side of {@link PipelineBench} in a JVM of its own, so that neither side's code changes what
 * the other's compilers assume of the classes they share (Kafka's clients, Jackson). The servers
 * stay with the caller. Requests go to the process's standard input, figures come back from its
 * standard output; what it prints goes to the caller's standard error.
 */
final class Side implements AutoCloseable {
  private static final long END_SECONDS = 30;
  private static final String READY = "side ready";

  /** What one run gave. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Run(double seconds, double cpuSeconds, double compilerSeconds, long[] latencyNanos) {}

  private final Process process;
  private final DataOutputStream orders;
  private final DataInputStream figures;

  private Side(Process process) {
    this.process = process;
    orders = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
    figures = new DataInputStream(new BufferedInputStream(process.getInputStream()));
  }

  /** Headrace with a device that does nothing. */
  static Side headrace(String classPath, EmbeddedServers servers, Map<String, String> settings)
      throws IOException {
    return start("headrace", classPath, servers, settings);
  }

  /** The pipeline written by hand. */
  static Side baseline(EmbeddedServers servers) throws IOException {
    return start("baseline", Variant.NONE.classPath(), servers, Map.of());
  }

  private static Side start(
      String name, String classPath, EmbeddedServers servers, Map<String, String> settings)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", classPath, Side.class.getName()));
    command.addAll(List.of(name, servers.kafkaBootstrap(), servers.redisUri()));
    settings.forEach((key, value) -> command.add(key + "=" + value));
    Side side =
        new Side(
            new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    try {
      side.awaitReady();
      return side;
    } catch (IOException e) {
      side.close();
      throw new IOException(name + " did not start; its messages stand above", e);
    }
  }

  /** The JVM itself may have printed something before. */
  private void awaitReady() throws IOException {
    StringBuilder line = new StringBuilder();
    while (!line.toString().equals(READY)) {
      byte next = figures.readByte();
      line.append((char) next);
      if (next == '\n') {
        line.setLength(0);
      }
    }
  }

  /** Asks for the embeddings of so many texts, as {@link Pipeline#run}. */
  Run run(int count, int inFlight) throws IOException {
    orders.writeInt(count);
    orders.writeInt(inFlight);
    orders.flush();
    double seconds = figures.readDouble();
    double cpu = figures.readDouble();
    double compilers = figures.readDouble();
    long[] latency = new long[count];
    for (int i = 0; i < count; i++) {
      latency[i] = figures.readLong();
    }
    return new Run(seconds, cpu, compilers, latency);
  }

  /** Ends the process: by the end of its input, after 30 s by force. */
  @Override
  public void close() {
    try {
      orders.close();
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** The process. Its arguments: side, Kafka's address, Redis' address, settings as key=value. */
  public static void main(String[] args) throws Exception {
    DataInputStream orders = new DataInputStream(new BufferedInputStream(System.in));
    DataOutputStream figures = new DataOutputStream(new BufferedOutputStream(System.out));
    System.setOut(new PrintStream(System.err, true, StandardCharsets.UTF_8));
    Map<String, String> settings = new HashMap<>();
    for (int i = 3; i < args.length; i++) {
      String[] pair = args[i].split("=", 2);
      settings.put(pair[0], pair[1]);
    }
    try (Pipeline pipeline =
        args[0].equals("headrace")
            ? HeadracePipeline.withoutDevice(args[1], args[2], settings)
            : new BaselinePipeline(args[1], URI.create(args[2]), NoOpRunner.vector())) {
      figures.writeBytes("\n" + READY);
      figures.flush();
      serve(pipeline, orders, figures);
    }
    System.exit(0);
  }

  private static void serve(Pipeline pipeline, DataInputStream orders, DataOutputStream figures)
      throws IOException, InterruptedException {
    long serial = 0;
    while (true) {
      int count;
      try {
        count = orders.readInt();
      } catch (EOFException end) {
        return;
      }
      int inFlight = orders.readInt();
      List<String> texts = texts(serial, count);
      serial += count;
      JvmTimes times = new JvmTimes();
      long[] latency = pipeline.run(texts, inFlight);
      figures.writeDouble(times.seconds());
      figures.writeDouble(times.cpuSeconds());
      figures.writeDouble(times.compilerSeconds());
      for (long nanos : latency) {
        figures.writeLong(nanos);
      }
      figures.flush();
    }
  }

  /** Texts of the demo's usual length, no two alike, so that no cache helps. */
  private static List<String> texts(long serial, int count) {
    String filler =
        "the state of the union is a report that the president gives to the congress in which "
            .repeat(3);
    List<String> texts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      texts.add(serial + i + " " + filler);
    }
    return texts;
  }
}
