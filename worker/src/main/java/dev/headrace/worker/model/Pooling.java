package dev.headrace.worker.model;

/** How a text's vector is made from the hidden states of its tokens; padding never takes part. */
public enum Pooling {
  /** The mean over the tokens. */
  MEAN,
  /** The first token, {@code [CLS]} or {@code <s>}. */
  CLS,
  /** The greatest value over the tokens, for each dimension. */
  MAX,
  /** The sum over the tokens, divided by the root of their number. */
  MEAN_SQRT_LENGTH,
  /** The mean, token {@code i} weighing {@code i + 1}. */
  WEIGHTED_MEAN,
  /** The last token. */
  LAST_TOKEN
}
