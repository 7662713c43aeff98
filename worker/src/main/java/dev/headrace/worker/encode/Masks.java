package dev.headrace.worker.encode;

import dev.headrace.worker.device.MaskFiller;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.text.InvalidTextException;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.util.List;

/** A model with a mask token. */
record Masks(TextTokenizer tokenizer, Head.MaskedFill head) implements MaskFiller {
  @Override
  public String maskToken() {
    return head.maskToken();
  }

  @Override
  public int candidates() {
    return head.candidates();
  }

  @Override
  public List<Masked> rows(List<String> texts) {
    return EncoderModel.each("text", texts, this::row);
  }

  /** A mask that was cut off would be answered by silence, so it is an error. */
  private Masked row(String text) throws InvalidTextException {
    TokenizedText tokens = tokenizer.tokenize("", text);
    int masks = head.masks(tokens.ids());
    if (tokens.truncated() && masks < occurrences(text)) {
      throw new InvalidTextException(
          "text: a mask behind the first "
              + tokens.tokens()
              + " tokens, which are all that the model reads (expected: a shorter text)");
    }
    if (masks == 0) {
      throw new InvalidTextException(
          "text: no mask (expected: " + head.maskToken() + " at least once)");
    }
    return new Masked(new EncoderModel.TextRow(tokens, true), masks);
  }

  private int occurrences(String text) {
    int count = 0;
    for (int at = text.indexOf(head.maskToken());
        at >= 0;
        at = text.indexOf(head.maskToken(), at + head.maskToken().length())) {
      count++;
    }
    return count;
  }

  @Override
  public String text(int token) {
    return tokenizer.text(token);
  }
}
