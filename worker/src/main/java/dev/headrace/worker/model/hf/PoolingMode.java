package dev.headrace.worker.model.hf;

/**
 * How a text's vector is made from the last hidden states of its tokens, as sentence-transformers
 * calls it. Padding never takes part. Several at once are put one after the other.
 */
public enum PoolingMode {
  /** The first token. */
  CLS("cls", "pooling_mode_cls_token"),
  /** The greatest value over the tokens, for each dimension. */
  MAX("max", "pooling_mode_max_tokens"),
  /** The mean over the tokens. */
  MEAN("mean", "pooling_mode_mean_tokens"),
  /** The sum over the tokens, divided by the root of their number. */
  MEAN_SQRT_LENGTH("mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"),
  /** The mean, token {@code i} weighing {@code i + 1}: Muennighoff, SGPT, arXiv 2202.08904. */
  WEIGHTED_MEAN("weightedmean", "pooling_mode_weightedmean_tokens"),
  /** The last token. */
  LAST_TOKEN("lasttoken", "pooling_mode_lasttoken");

  private final String name;
  private final String oldKey;

  PoolingMode(String name, String oldKey) {
    this.name = name;
    this.oldKey = oldKey;
  }

  /** The name in the files of sentence-transformers 5.3 and later. */
  public String fileName() {
    return name;
  }

  /** The flag in the files of earlier versions. */
  String oldKey() {
    return oldKey;
  }
}
