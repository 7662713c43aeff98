package dev.headrace.worker.encode;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.worker.device.MaskFiller;
import dev.headrace.worker.device.PairScorer;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.TokenTagger;
import dev.headrace.worker.device.TrainedLabels;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.text.InvalidTextException;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * An encoder with its tokenizer.
 *
 * @param profile its service time as it was measured before, here
 */
record EncoderModel(
    ModelDescription description,
    TextTokenizer tokenizer,
    Optional<NumericPrecision> precision,
    boolean pads,
    Optional<ServiceCurve> profile)
    implements ServedModel {

  /**
   * A text's tokens.
   *
   * @param masks whether what the model gives for masks is wanted, too
   */
  record TextRow(TokenizedText text, boolean masks) implements Row {
    TextRow(TokenizedText text) {
      this(text, false);
    }

    @Override
    public int length() {
      return text.tokens();
    }
  }

  @Override
  public String name() {
    return description.name();
  }

  @Override
  public String revision() {
    return description.revision();
  }

  @Override
  public Set<Task> tasks() {
    return tasks(description);
  }

  /** What a model does, loaded or not. */
  static Set<Task> tasks(ModelDescription description) {
    if (description.head() instanceof Head.Classifier head) {
      return head.labels().size() == 1
          ? EnumSet.of(Task.CLASSIFICATIONS, Task.RERANK)
          : EnumSet.of(Task.CLASSIFICATIONS);
    }
    if (description.head() instanceof Head.TokenClassifier) {
      return EnumSet.of(Task.TOKEN_CLASSIFICATIONS);
    }
    if (description.head() instanceof Head.MaskedFill head) {
      return head.embeds()
          ? EnumSet.of(Task.EMBEDDINGS, Task.CLASSIFICATIONS, Task.FILL_MASK)
          : EnumSet.of(Task.FILL_MASK);
    }
    return EnumSet.of(Task.EMBEDDINGS, Task.CLASSIFICATIONS);
  }

  @Override
  public Optional<TrainedLabels> trainedLabels() {
    return description.head() instanceof Head.Classifier head
        ? Optional.of(new TrainedLabels(head.labels(), head.multiLabel()))
        : Optional.empty();
  }

  @Override
  public Optional<PairScorer> pairScorer() {
    return description.head() instanceof Head.Classifier head && head.labels().size() == 1
        ? Optional.of(new CrossEncoder(tokenizer, head.scoring()))
        : Optional.empty();
  }

  @Override
  public Optional<TokenTagger> tokenTagger() {
    return description.head() instanceof Head.TokenClassifier head
        ? Optional.of(new TokenLabeller(tokenizer, head.labels()))
        : Optional.empty();
  }

  @Override
  public Optional<MaskFiller> maskFiller() {
    return description.head() instanceof Head.MaskedFill head
        ? Optional.of(new Masks(tokenizer, head))
        : Optional.empty();
  }

  @Override
  public Set<String> prompts() {
    return new TreeSet<>(tokenizer.prompts().keySet());
  }

  @Override
  public List<Row> rows(List<String> texts, String prompt) {
    String before = tokenizer.prompts().get(prompt);
    if (before == null) {
      return ServedModel.super.rows(texts, prompt);
    }
    return rows("text", texts, text -> tokenizer.tokenize(before, text));
  }

  @Override
  public int dimension() {
    return description.dimension();
  }

  @Override
  public List<Row> rows(List<String> texts) {
    return rows("text", texts, tokenizer::tokenize);
  }

  /** A text may spell a mask where only its vector is asked for. */
  float[] wanted(Row row, float[] values) {
    boolean more = description.head() instanceof Head.MaskedFill && !((TextRow) row).masks();
    return more && values.length > dimension() ? Arrays.copyOf(values, dimension()) : values;
  }

  /** Makes something of a text. */
  interface Tokenizing<T> {
    T of(String text) throws InvalidTextException;
  }

  private static List<Row> rows(
      String what, List<String> texts, Tokenizing<TokenizedText> tokenizing) {
    return each(what, texts, text -> new TextRow(tokenizing.of(text)));
  }

  /**
   * Something of each text.
   *
   * @param what messages call a text
   */
  static <T> List<T> each(String what, List<String> texts, Tokenizing<? extends T> tokenizing) {
    List<T> all = new ArrayList<>(texts.size());
    for (int i = 0; i < texts.size(); i++) {
      try {
        all.add(tokenizing.of(texts.get(i)));
      } catch (InvalidTextException e) {
        throw new FailureException(
            ErrorCode.INVALID_BODY,
            what + " " + i + " of " + texts.size() + ": " + e.getMessage(),
            e);
      }
    }
    return all;
  }
}
