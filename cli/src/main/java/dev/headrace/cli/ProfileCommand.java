package dev.headrace.cli;

import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.store.ModelFolders;
import dev.headrace.worker.profile.DeviceProfile;
import dev.headrace.worker.profile.PrecisionProfile;
import dev.headrace.worker.profile.ProfileFile;
import dev.headrace.worker.profile.Profiler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headrace profile}. */
@Command(
    name = "profile",
    description =
        "Measure a model on a device by batch, length and precision, with its accuracy beside"
            + " float32; a worker reads the file at its start.",
    mixinStandardHelpOptions = true)
final class ProfileCommand implements Callable<Integer> {
  @CommandLine.Spec CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      description = "A model's folder, or the name of one that comes with the program.")
  String model = "";

  @Option(names = "--device", defaultValue = "cpu", description = "cpu or cuda:N. Default: cpu.")
  String device = "cpu";

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "Threads on the CPU, as the worker will have; 0 for one a core. Default: 0.")
  int threads;

  @Option(
      names = "--precisions",
      split = ",",
      defaultValue = "fp32,fp16,bf16,int8",
      description = "Default: ${DEFAULT-VALUE}.")
  List<String> precisions = List.of();

  @Option(
      names = "--batches",
      split = ",",
      defaultValue = "1,8,32",
      description = "Rows of the batches. Default: ${DEFAULT-VALUE}.")
  List<Integer> batches = List.of();

  @Option(
      names = "--lengths",
      split = ",",
      defaultValue = "16,64,128",
      description = "Tokens of the rows. Default: ${DEFAULT-VALUE}.")
  List<Integer> lengths = List.of();

  @Option(
      names = "--runs",
      defaultValue = "5",
      description = "Runs of each batch, of which the median counts. Default: ${DEFAULT-VALUE}.")
  int runs;

  @Option(
      names = "--max-error",
      defaultValue = "" + Profiler.USUAL_ERROR,
      description =
          "Greatest error of a precision, relative to float32. Default: ${DEFAULT-VALUE}.")
  double maxError;

  @Option(
      names = "--output",
      description =
          "File to write. Default: " + ProfileFile.NAME + " in the model's folder, if it is one.")
  String output = "";

  @Option(names = "--json", description = "Print one JSON object as the last line.")
  boolean json;

  @Override
  public Integer call() throws Exception {
    check();
    ModelDescription described = describe();
    EngineConfig config =
        EngineConfig.read(
            Settings.of(
                Map.of("worker.device", device, "worker.threads", Integer.toString(threads))));
    DeviceProfile profile;
    try (TorchEngine engine = config.open()) {
      profile =
          new Profiler(batches, lengths, runs, maxError, System::nanoTime)
              .measure(
                  described,
                  engine,
                  config.usedThreads(),
                  precisions.stream().map(Precision::ofLabel).toList());
    }
    Path file = file();
    if (!file.toString().isEmpty()) {
      ProfileFile.write(profile, file);
      System.err.println("written: " + file);
    }
    print(profile);
    return 0;
  }

  private void check() {
    for (int value : batches) {
      range("--batches", value, 1, 4096);
    }
    for (int value : lengths) {
      range("--lengths", value, 1, 1 << 20);
    }
    range("--runs", runs, 1, 1000);
    range("--threads", threads, 0, 1024);
    for (String label : precisions) {
      try {
        Precision.ofLabel(label);
      } catch (IllegalArgumentException e) {
        throw wrong("--precisions: " + e.getMessage());
      }
    }
    if (!(maxError > 0)) {
      throw wrong("--max-error: " + maxError + " (expected: > 0)");
    }
    if (!device.matches("cpu|cuda:\\d{1,2}")) {
      throw wrong("--device: " + device + " (expected: cpu or cuda:N)");
    }
  }

  private void range(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw wrong(option + ": " + value + " (expected: " + least + ".." + most + ")");
    }
  }

  private CommandLine.ParameterException wrong(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }

  private ModelDescription describe() throws Exception {
    if (Files.isDirectory(Path.of(model))) {
      ModelDescription described = ModelFolders.describe(Path.of(model).toRealPath());
      if (described.files().readyScript().isPresent()) {
        throw wrong("--model: " + model + " (expected: no TorchScript, whose precision is fixed)");
      }
      return described;
    }
    ModelCatalog builtIn = ModelCatalog.builtIn();
    return builtIn
        .find(model)
        .orElseThrow(
            () -> wrong("--model: " + model + " (expected: a folder, or " + builtIn.names() + ")"));
  }

  private Path file() {
    if (!output.isEmpty() || !Files.isDirectory(Path.of(model))) {
      return Path.of(output);
    }
    return Path.of(model, ProfileFile.NAME);
  }

  private void print(DeviceProfile profile) {
    if (json) {
      System.out.println(ProfileFile.json(profile));
      return;
    }
    for (PrecisionProfile one : profile.precisions()) {
      System.out.printf(
          Locale.ROOT,
          "%-5s %9.1f rows/s, error %.4f%s%n",
          one.precision().label(),
          one.rowsPerSecond(),
          one.maxError(),
          one.precision() == profile.best() ? "  (best)" : "");
    }
    profile.failed().forEach((p, why) -> System.out.println(p.label() + ": " + why));
  }
}
