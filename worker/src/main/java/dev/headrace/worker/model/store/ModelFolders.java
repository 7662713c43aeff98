package dev.headrace.worker.model.store;

import dev.headrace.protocol.body.FillMaskRequest;
import dev.headrace.worker.model.DenseLayer;
import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.PairScoring;
import dev.headrace.worker.model.Pooling;
import dev.headrace.worker.model.encoder.Architectures;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.hf.HfFolder;
import dev.headrace.worker.model.hf.MaskToken;
import dev.headrace.worker.model.hf.PoolingMode;
import dev.headrace.worker.model.hf.ScoreFunction;
import dev.headrace.worker.model.hf.SentenceModules;
import dev.headrace.worker.model.ready.ReadyFolder;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Folders as models: Hugging Face's, and ready-made TorchScript. */
public final class ModelFolders {
  private static final String SEQUENCE_CLASSIFICATION = "ForSequenceClassification";

  private static final String TOKEN_CLASSIFICATION = "ForTokenClassification";
  private static final String MASKED_FILL = "ForMaskedLM";

  private static final Head PLAIN = new Head.Embedding(List.of(Pooling.MEAN), false);

  private ModelFolders() {}

  /**
   * The named models among the sub-folders of {@code parent}; a model is called as its folder.
   *
   * @param names those that are wanted; one without a folder is left out
   * @throws IOException when a folder cannot be read or asks for what cannot be done; names the
   *     folder, file and key
   */
  public static List<ModelDescription> read(Path parent, List<String> names) throws IOException {
    if (!Files.isDirectory(parent)) {
      throw new IOException("models folder: " + parent + " (expected: a folder)");
    }
    List<ModelDescription> models = new ArrayList<>();
    try (Stream<Path> children = Files.list(parent)) {
      for (Path folder : children.sorted().toList()) {
        if (names.contains(String.valueOf(folder.getFileName())) && Files.isDirectory(folder)) {
          models.add(describe(folder));
        }
      }
    }
    return models;
  }

  /** The model of one folder, called as the folder. Reads all its files once, for the revision. */
  public static ModelDescription describe(Path folder) throws IOException {
    String name = String.valueOf(folder.getFileName());
    try {
      if (ReadyFolder.is(folder)) {
        return ReadyFolder.open(folder).describe(name, FolderRevision.of(folder));
      }
      HfFolder files = HfFolder.open(folder);
      EncoderConfig config = Architectures.shape(files.config());
      return new ModelDescription(
          name,
          FolderRevision.of(folder),
          config,
          files.maxTokens(config.positions()),
          head(files, config),
          files.modules().isPresent() ? files.prompts().defaultPrompt() : "",
          files);
    } catch (MalformedModelException e) {
      throw new MalformedModelException("model " + name + ": " + e.getMessage());
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException("model " + name + ": config.json: " + e.getMessage());
    }
  }

  private static Head head(HfFolder files, EncoderConfig config) throws IOException {
    if (files.modules().isPresent()) {
      return embedding(files, files.modules().get(), config);
    }
    HfConfig json = files.config();
    List<String> classes = json.strings("architectures");
    for (String name : classes) {
      if (name.endsWith(SEQUENCE_CLASSIFICATION)) {
        return classifier(files);
      }
      if (name.endsWith(TOKEN_CLASSIFICATION)) {
        return new Head.TokenClassifier(json.labels());
      }
      if (name.endsWith(MASKED_FILL)) {
        return maskedFill(files, config);
      }
      if (!name.endsWith("Model")) {
        throw json.malformed(
            "architectures",
            name,
            "a *Model, *"
                + String.join(
                    ", *", List.of(MASKED_FILL, SEQUENCE_CLASSIFICATION, TOKEN_CLASSIFICATION)));
      }
    }
    // As sentence-transformers does with folders that are not its own.
    return PLAIN;
  }

  /** Without a mask token, which a tokenizer may lack, it is a plain encoder. */
  private static Head maskedFill(HfFolder files, EncoderConfig config) throws IOException {
    Optional<MaskToken> mask = files.mask(config.vocabulary());
    if (mask.isEmpty()) {
      return PLAIN;
    }
    int candidates = Math.min(FillMaskRequest.MAX_TOP_K, config.vocabulary());
    boolean tied = files.config().flag("tie_word_embeddings", true);
    return new Head.MaskedFill(mask.get().text(), mask.get().id(), candidates, tied, true);
  }

  /** Which function follows the logits is as in transformers' TextClassificationPipeline. */
  private static Head classifier(HfFolder files) throws MalformedModelException {
    HfConfig json = files.config();
    String problem = json.string("problem_type", "single_label_classification");
    List<String> labels = json.labels();
    boolean multiLabel =
        switch (problem) {
          case "single_label_classification" -> labels.size() == 1;
          case "multi_label_classification" -> true;
          default ->
              throw json.malformed(
                  "problem_type",
                  problem,
                  "single_label_classification or multi_label_classification");
        };
    PairScoring scoring = labels.size() == 1 ? scoring(files) : PairScoring.IDENTITY;
    return new Head.Classifier(labels, multiLabel, classifierPooling(json), scoring);
  }

  private static PairScoring scoring(HfFolder files) throws MalformedModelException {
    Optional<ScoreFunction> named = files.prompts().scoreFunction();
    return switch (named.isPresent() ? named.get() : ScoreFunction.of(files.config())) {
      case SIGMOID -> PairScoring.SIGMOID;
      case IDENTITY -> PairScoring.IDENTITY;
    };
  }

  private static Head embedding(HfFolder files, SentenceModules modules, EncoderConfig config)
      throws MalformedModelException {
    if (!modules.pooling().includePrompt() && !files.prompts().defaultPrompt().isEmpty()) {
      throw new MalformedModelException(
          "pooling: include_prompt: false, with a default prompt (expected: true)");
    }
    if (modules.pooling().hiddenSize() != config.hidden()) {
      throw new MalformedModelException(
          "pooling: word_embedding_dimension: "
              + modules.pooling().hiddenSize()
              + " (expected: "
              + config.hidden()
              + ", the width of the model)");
    }
    List<Pooling> poolings = modules.pooling().modes().stream().map(ModelFolders::pooling).toList();
    int dimensions = files.prompts().dimensions().orElse(0);
    checkWidths(modules);
    return new Head.Embedding(poolings, modules.dense(), modules.normalise(), dimensions);
  }

  private static void checkWidths(SentenceModules modules) throws MalformedModelException {
    int width = modules.pooling().dimension();
    for (DenseLayer layer : modules.dense()) {
      if (layer.in() != width) {
        throw new MalformedModelException(
            layer.weights() + ": in_features: " + layer.in() + " (expected: " + width + ")");
      }
      width = layer.out();
    }
  }

  private static Pooling pooling(PoolingMode mode) {
    return switch (mode) {
      case CLS -> Pooling.CLS;
      case MAX -> Pooling.MAX;
      case MEAN -> Pooling.MEAN;
      case MEAN_SQRT_LENGTH -> Pooling.MEAN_SQRT_LENGTH;
      case WEIGHTED_MEAN -> Pooling.WEIGHTED_MEAN;
      case LAST_TOKEN -> Pooling.LAST_TOKEN;
    };
  }

  /** {@code classifier_pooling} is ModernBERT's. */
  private static Pooling classifierPooling(HfConfig json) throws MalformedModelException {
    String pooling = json.string("classifier_pooling", "cls");
    return switch (pooling) {
      case "cls" -> Pooling.CLS;
      case "mean" -> Pooling.MEAN;
      default -> throw json.malformed("classifier_pooling", pooling, "cls or mean");
    };
  }
}
