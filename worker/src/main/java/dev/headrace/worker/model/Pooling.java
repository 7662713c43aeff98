package dev.headrace.worker.model;

/** How a text's vector is made from the hidden states of its tokens; padding never takes part. */
public enum Pooling {
  /** The mean over the tokens. */
  MEAN,
  /** The first token, {@code [CLS]} or {@code <s>}. */
  CLS
}
