package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * RoBERTa, XLM-RoBERTa and CamemBERT: BERT with positions that start after the padding id (arXiv
 * 1907.11692, 1911.02116; modeling_roberta.py).
 */
final class Roberta implements EncoderArchitecture {
  private static final String PADDING = "pad_token_id";

  @Override
  public List<String> modelTypes() {
    return List.of("roberta", "xlm-roberta", "camembert");
  }

  @Override
  public String prefix() {
    return "roberta.";
  }

  @Override
  public EncoderConfig shape(HfConfig config) throws IOException {
    int padding = config.integer(PADDING, 0, Shapes.MAX_VOCABULARY, 1);
    return Shapes.bertLike(config, padding + 1, 1e-12, Map.of(PADDING, (double) padding));
  }

  @Override
  public ScriptObject encoder(Parts parts) throws IOException {
    int padding = (int) parts.config().own(PADDING);
    return PostNorm.encoder(
        parts,
        Embeddings.afterPadding(parts, true, padding),
        i -> Bert.layer("encoder.layer." + i));
  }

  @Override
  public boolean packs() {
    return true;
  }

  @Override
  public ScriptObject classifier(Parts parts, int labels) throws IOException {
    return parts.classifier("classifier.dense", "torch.tanh(h)", "classifier.out_proj", labels);
  }

  @Override
  public Predictions predictions(EncoderConfig config) {
    return Predictions.roberta();
  }
}
