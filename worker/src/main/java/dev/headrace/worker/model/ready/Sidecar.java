package dev.headrace.worker.model.ready;

import dev.headrace.protocol.body.FillMaskRequest;
import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.PairScoring;
import dev.headrace.worker.model.Pooling;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.ReadyScript;
import dev.headrace.worker.model.ReadyScript.Input;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.hf.MaskToken;
import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * {@code headrace.json}, as docs/models.md describes it.
 *
 * @param script what the file takes and gives; its path is that of the sidecar's folder
 * @param head what leaves the model
 * @param vocabulary token ids are below this
 * @param maxTokens longer texts are cut to this many tokens
 * @param typed whether it is told which of two texts a token is from
 */
public record Sidecar(ReadyScript script, Head head, int vocabulary, int maxTokens, boolean typed) {
  public static final String FILE = "headrace.json";

  private static final int MAX_VOCABULARY = 1 << 24;
  private static final int MAX_TOKENS = 1 << 20;
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_NAMES = 64;

  private static final Set<String> KEYS =
      Set.of(
          "format",
          "file",
          "task",
          "inputs",
          "outputs",
          "output",
          "vocab_size",
          "max_tokens",
          "hidden_size",
          "pooling",
          "normalize",
          "labels",
          "multi_label",
          "activation",
          "precision");

  /** Says what stands for a mask; {@code FolderTokenizer.mask} does. */
  public interface Masks {
    Optional<MaskToken> find(int vocabulary) throws IOException;
  }

  private enum Kind {
    EMBEDDINGS("embeddings"),
    CLASSIFICATIONS("classifications"),
    RERANK("rerank"),
    TOKEN_CLASSIFICATIONS("token-classifications"),
    FILL_MASK("fill-mask");

    private final String task;

    Kind(String task) {
      this.task = task;
    }

    /** Keys that are nothing to the task. */
    List<String> foreign() {
      return switch (this) {
        case EMBEDDINGS -> List.of("labels", "multi_label", "activation");
        case CLASSIFICATIONS -> List.of("hidden_size", "pooling", "normalize", "activation");
        case RERANK -> List.of("hidden_size", "pooling", "normalize", "labels", "multi_label");
        case TOKEN_CLASSIFICATIONS ->
            List.of("hidden_size", "pooling", "normalize", "multi_label", "activation");
        case FILL_MASK ->
            List.of("hidden_size", "pooling", "normalize", "labels", "multi_label", "activation");
      };
    }
  }

  /**
   * Reads a sidecar.
   *
   * @param folder where the file that it names is looked for
   * @param masks asked where the model fills masks
   * @throws MalformedModelException names the key, the value and what was expected
   */
  public static Sidecar read(HfConfig json, Path folder, Masks masks) throws IOException {
    Set<String> unknown = new TreeSet<>(json.keys());
    unknown.removeAll(KEYS);
    for (String key : unknown) {
      throw json.malformed(key, "unknown", "one of " + new TreeSet<>(KEYS));
    }
    choice(json, "format", json.string("format"), List.of("torchscript"));
    Kind kind = kind(json);
    for (String key : kind.foreign()) {
      if (json.has(key)) {
        throw json.malformed(key, "given", "nothing, for task is " + kind.task);
      }
    }
    List<Input> inputs = inputs(json);
    int vocabulary = json.integer("vocab_size", 1, MAX_VOCABULARY);
    Head head = kind == Kind.FILL_MASK ? maskedFill(json, vocabulary, masks) : head(json, kind);
    boolean pooled = json.string("pooling", "").equals("none");
    ReadyScript script = script(json, folder, inputs, head, pooled);
    return new Sidecar(
        script,
        head,
        vocabulary,
        json.integer("max_tokens", 2, MAX_TOKENS),
        inputs.contains(Input.TOKEN_TYPE_IDS));
  }

  private static Kind kind(HfConfig json) throws MalformedModelException {
    String task = json.string("task");
    for (Kind kind : Kind.values()) {
      if (kind.task.equals(task)) {
        return kind;
      }
    }
    throw json.malformed(
        "task",
        task,
        "one of " + String.join(", ", Arrays.stream(Kind.values()).map(k -> k.task).toList()));
  }

  private static ReadyScript script(
      HfConfig json, Path folder, List<Input> inputs, Head head, boolean pooled)
      throws MalformedModelException {
    List<String> outputs = json.strings("outputs");
    if (outputs.isEmpty() || outputs.size() > MAX_NAMES) {
      throw json.malformed("outputs", outputs.size() + " names", "1.." + MAX_NAMES);
    }
    if (new HashSet<>(outputs).size() < outputs.size()) {
      throw json.malformed("outputs", outputs, "distinct names");
    }
    String output = choice(json, "output", json.string("output", outputs.get(0)), outputs);
    boolean perToken =
        head.perToken()
            || head instanceof Head.MaskedFill
            || (head instanceof Head.Embedding && !pooled);
    return new ReadyScript(
        folder.resolve(file(json)),
        inputs,
        outputs,
        output,
        perToken,
        width(json, head),
        precision(json));
  }

  private static String file(HfConfig json) throws MalformedModelException {
    String file = json.string("file", "model.pt");
    // A name in the folder, and none that leads out of it.
    if (!file.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,200}\\.pt")) {
      throw json.malformed("file", file, "a name that ends in .pt, beside " + FILE);
    }
    return file;
  }

  private static List<Input> inputs(HfConfig json) throws MalformedModelException {
    List<Input> inputs = new ArrayList<>();
    List<String> possible = Arrays.stream(Input.values()).map(Input::label).toList();
    for (String name : json.strings("inputs")) {
      Input input =
          Input.ofLabel(name)
              .orElseThrow(() -> json.malformed("inputs", name, "some of " + possible));
      if (inputs.contains(input)) {
        throw json.malformed("inputs", name + " twice", "each at most once");
      }
      inputs.add(input);
    }
    if (!inputs.contains(Input.INPUT_IDS)) {
      throw json.malformed("inputs", json.strings("inputs"), "input_ids among them");
    }
    return inputs;
  }

  private static int width(HfConfig json, Head head) throws MalformedModelException {
    if (head instanceof Head.Classifier classifier) {
      return classifier.labels().size();
    }
    if (head instanceof Head.TokenClassifier classifier) {
      return classifier.labels().size();
    }
    if (head instanceof Head.MaskedFill) {
      return json.integer("vocab_size", 1, MAX_VOCABULARY);
    }
    return json.integer("hidden_size", 1, MAX_WIDTH);
  }

  private static Head head(HfConfig json, Kind kind) throws MalformedModelException {
    return switch (kind) {
      case EMBEDDINGS -> new Head.Embedding(poolings(json), json.flag("normalize", false));
      case CLASSIFICATIONS ->
          new Head.Classifier(
              labels(json), json.flag("multi_label", false), Pooling.CLS, PairScoring.IDENTITY);
      case RERANK -> new Head.Classifier(List.of("score"), true, Pooling.CLS, scoring(json));
      case TOKEN_CLASSIFICATIONS -> new Head.TokenClassifier(labels(json));
      case FILL_MASK -> throw new IllegalArgumentException("task: " + kind.task);
    };
  }

  /** Logits of the whole vocabulary, and no vector of the text. */
  private static Head maskedFill(HfConfig json, int vocabulary, Masks masks) throws IOException {
    MaskToken mask =
        masks
            .find(vocabulary)
            .orElseThrow(
                () ->
                    json.malformed(
                        "task",
                        "fill-mask",
                        "another, for tokenizer.json has no mask token below " + vocabulary));
    int candidates = Math.min(FillMaskRequest.MAX_TOP_K, vocabulary);
    return new Head.MaskedFill(mask.text(), mask.id(), candidates, false, false);
  }

  private static List<String> labels(HfConfig json) throws MalformedModelException {
    List<String> labels = json.strings("labels");
    if (labels.isEmpty()) {
      throw json.malformed("labels", "none", "the names of the outputs, in order");
    }
    if (new HashSet<>(labels).size() < labels.size()) {
      throw json.malformed("labels", labels, "distinct names");
    }
    return labels;
  }

  private static List<Pooling> poolings(HfConfig json) throws MalformedModelException {
    List<String> names = List.of("mean", "cls", "max", "last", "none");
    return switch (choice(json, "pooling", json.string("pooling"), names)) {
      case "cls" -> List.of(Pooling.CLS);
      case "max" -> List.of(Pooling.MAX);
      case "last" -> List.of(Pooling.LAST_TOKEN);
      // Of a file that pools itself nothing is pooled; see ReadyScript.perToken.
      default -> List.of(Pooling.MEAN);
    };
  }

  private static PairScoring scoring(HfConfig json) throws MalformedModelException {
    String name = json.string("activation", "sigmoid");
    return choice(json, "activation", name, List.of("sigmoid", "identity")).equals("sigmoid")
        ? PairScoring.SIGMOID
        : PairScoring.IDENTITY;
  }

  private static Precision precision(HfConfig json) throws MalformedModelException {
    List<String> labels = EnumSet.allOf(Precision.class).stream().map(Precision::label).toList();
    return Precision.ofLabel(choice(json, "precision", json.string("precision", "fp32"), labels));
  }

  private static String choice(HfConfig json, String key, String value, List<String> possible)
      throws MalformedModelException {
    if (!possible.contains(value)) {
      throw json.malformed(key, value, "one of " + StrictJson.quoted(possible.toString()));
    }
    return value;
  }

  /** The shape, as far as anyone asks: the rest is inside the file. */
  EncoderConfig config() {
    return new EncoderConfig(
        "torchscript", vocabulary, script.width(), 1, 1, 1, maxTokens, typed ? 2 : 1, "", 0.5);
  }
}
