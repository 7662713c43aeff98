package dev.headrace.worker.model;

import java.util.List;

/** What leaves a model for each text. */
public sealed interface Head {
  /** Values of each text or, where {@link #perToken}, of each of its tokens. */
  int width(EncoderConfig config);

  /** Whether there are values for each token; otherwise one row for the text. */
  default boolean perToken() {
    return false;
  }

  /** Values that a text with these token ids gives. */
  default int values(EncoderConfig config, int[] ids) {
    return perToken() ? Math.multiplyExact(ids.length, width(config)) : width(config);
  }

  /**
   * One vector, an embedding.
   *
   * @param poolings how it is made from the hidden states; several are put one after the other
   * @param dense layers that it goes through, in order; mostly none
   * @param normalise whether it is scaled to length 1
   * @param dimensions it is cut to so many values afterwards, and not scaled again; 0 for all
   */
  record Embedding(
      List<Pooling> poolings, List<DenseLayer> dense, boolean normalise, int dimensions)
      implements Head {
    public Embedding(List<Pooling> poolings, boolean normalise) {
      this(poolings, List.of(), normalise, 0);
    }

    public Embedding {
      dense = List.copyOf(dense);
      if (dimensions < 0) {
        throw new IllegalArgumentException("dimensions: " + dimensions + " (expected: >= 0)");
      }
      poolings = List.copyOf(poolings);
      if (poolings.isEmpty()) {
        throw new IllegalArgumentException("poolings: none (expected: at least one)");
      }
    }

    @Override
    public int width(EncoderConfig config) {
      int whole =
          dense.isEmpty() ? config.hidden() * poolings.size() : dense.get(dense.size() - 1).out();
      return dimensions == 0 ? whole : Math.min(dimensions, whole);
    }
  }

  /** The last hidden states, {@code [tokens, hidden]}. */
  record HiddenStates() implements Head {
    @Override
    public int width(EncoderConfig config) {
      return config.hidden();
    }

    @Override
    public boolean perToken() {
      return true;
    }
  }

  /**
   * The logits of a trained classifier of texts or pairs of texts.
   *
   * @param labels the names of its outputs, in order
   * @param multiLabel whether each label is a question of its own, else one of them is right
   * @param pooling what it looks at; all but ModernBERT look at the first token
   * @param scoring what the logit of a pair goes through where there is one label: a cross-encoder
   */
  record Classifier(List<String> labels, boolean multiLabel, Pooling pooling, PairScoring scoring)
      implements Head {
    public Classifier {
      labels = List.copyOf(labels);
      if (labels.isEmpty()) {
        throw new IllegalArgumentException("labels: none (expected: at least one)");
      }
    }

    @Override
    public int width(EncoderConfig config) {
      return labels.size();
    }
  }

  /**
   * The logits of a trained classifier of tokens, {@code [tokens, labels]}.
   *
   * @param labels the names of its outputs, in order
   */
  record TokenClassifier(List<String> labels) implements Head {
    public TokenClassifier {
      labels = List.copyOf(labels);
    }

    @Override
    public int width(EncoderConfig config) {
      return labels.size();
    }

    @Override
    public boolean perToken() {
      return true;
    }
  }

  /**
   * The mean over the tokens, {@code [hidden]}, and behind it for each mask of the text the most
   * probable tokens: {@code [candidates]} probabilities, then as many token ids, which float32
   * holds exactly. So a model serves both tasks in one batch, and a text without a mask costs
   * nothing.
   *
   * @param maskToken what stands for a word to be filled in
   * @param maskId its token
   * @param candidates tokens for each mask; at most the vocabulary
   * @param tied whether the word embeddings are the last layer's weights too
   * @param embeds whether the mean is there; a model that gives logits alone has none
   */
  record MaskedFill(String maskToken, int maskId, int candidates, boolean tied, boolean embeds)
      implements Head {
    @Override
    public int width(EncoderConfig config) {
      return embeds ? config.hidden() : 0;
    }

    @Override
    public int values(EncoderConfig config, int[] ids) {
      return Math.addExact(width(config), Math.multiplyExact(masks(ids), 2 * candidates));
    }

    /** Masks in a text. */
    public int masks(int[] ids) {
      int masks = 0;
      for (int id : ids) {
        masks += id == maskId ? 1 : 0;
      }
      return masks;
    }
  }
}
