package dev.headrace.cli;

import dev.headrace.bench.generate.GenerateBench;
import dev.headrace.bench.generate.GenerateBench.LlamaFiles;
import dev.headrace.bench.generate.Sizes;
import dev.headrace.cli.demo.Passages;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** {@code headrace bench generate}. */
@Command(
    name = "generate",
    description =
        "Text generation: tokens per second beside llama.cpp, continuous beside static batches,"
            + " with and without the prefix cache, the whole pipeline beside the engine.",
    mixinStandardHelpOptions = true)
final class BenchGenerateCommand implements Callable<Integer> {
  @picocli.CommandLine.Spec picocli.CommandLine.Model.CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object as the last line.")
  boolean json;

  @Option(names = "--rounds", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}.")
  int rounds;

  @Option(
      names = "--parallel",
      split = ",",
      paramLabel = "N",
      description = "Texts at once beside llama.cpp. Default: 1,8,16,32.")
  List<Integer> parallel = Sizes.usual().parallel();

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Tokens of each text beside llama.cpp. Default: ${DEFAULT-VALUE}.")
  int tokens = Sizes.usual().tokens();

  @Option(
      names = "--prompt",
      paramLabel = "N",
      description = "Most tokens of a prompt. Default: ${DEFAULT-VALUE}.")
  int prompt = Sizes.usual().prompt();

  @Option(
      names = "--texts",
      paramLabel = "N",
      description = "Texts of mixed lengths. Default: ${DEFAULT-VALUE}.")
  int texts = Sizes.usual().texts();

  @Option(
      names = "--parts",
      split = ",",
      paramLabel = "PART",
      converter = PartName.class,
      description = "Some of speed, continuous, prefix, pipeline, memory. Default: all but memory.")
  Set<Sizes.Part> parts = Sizes.usual().parts();

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description = "How long the part memory runs. Default: ${DEFAULT-VALUE}.")
  int minutes = Sizes.usual().minutes();

  @Option(
      names = "--model",
      defaultValue = "smollm2-135m",
      paramLabel = "NAME",
      description = "In the folder of models. Default: ${DEFAULT-VALUE}.")
  String model = "";

  @Option(
      names = "--models",
      defaultValue = "models",
      paramLabel = "FOLDER",
      description = "Where it is. Default: ${DEFAULT-VALUE}.")
  String folder = "";

  @Option(
      names = "--llamacpp",
      paramLabel = "PYTHON",
      description = "A Python with llama-cpp-python; without it those ratios are left out.")
  @Nullable Path python;

  @Option(names = "--gguf", paramLabel = "FILE", description = "The same model for llama.cpp.")
  @Nullable Path gguf;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting of the worker; may be given several times.")
  Map<String, String> settings = new TreeMap<>();

  @Override
  public Integer call() throws Exception {
    Map<String, String> values = new TreeMap<>(settings);
    values.putIfAbsent("worker.models.folder", folder);
    values.putIfAbsent("worker.precision", "int8");
    Path interpreter = python;
    Path file = gguf;
    if ((interpreter == null) != (file == null)) {
      throw new ParameterException(
          spec.commandLine(), "--llamacpp and --gguf: one of them (expected: both or none)");
    }
    Optional<LlamaFiles> other =
        interpreter == null || file == null
            ? Optional.empty()
            : Optional.of(new LlamaFiles(interpreter, file));
    BenchCommand.print(
        new GenerateBench(model, sizes(), Passages.all(), values, other, System.err).run(), json);
    return 0;
  }

  /** A part in small letters. */
  static final class PartName implements ITypeConverter<Sizes.Part> {
    @Override
    public Sizes.Part convert(String name) {
      return Arrays.stream(Sizes.Part.values())
          .filter(p -> p.name().equalsIgnoreCase(name))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      name + " (expected: speed, continuous, prefix or pipeline)"));
    }
  }

  private Sizes sizes() {
    try {
      return new Sizes(rounds, parallel, tokens, prompt, texts, parts, minutes);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
