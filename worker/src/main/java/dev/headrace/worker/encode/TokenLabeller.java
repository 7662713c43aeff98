package dev.headrace.worker.encode;

import dev.headrace.worker.device.TokenTagger;
import dev.headrace.worker.text.SpannedText;
import dev.headrace.worker.text.TextTokenizer;
import java.util.List;

/** A classifier of tokens. */
record TokenLabeller(TextTokenizer tokenizer, List<String> labels) implements TokenTagger {
  @Override
  public List<Tagged> rows(List<String> texts) {
    return EncoderModel.each(
        "text",
        texts,
        text -> {
          SpannedText spanned = tokenizer.tokenizeWithSpans(text);
          return new Tagged(
              new EncoderModel.TextRow(spanned.text()),
              spanned.spans(),
              spanned.text().truncated());
        });
  }
}
