package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;

/**
 * Words, learned positions and perhaps token types, added and normalised: a module {@code
 * forward(ids, types)}. Weights have BERT's names, which RoBERTa, DistilBERT and MPNet kept.
 */
final class Embeddings {
  private static final String WORDS = "embeddings.word_embeddings.weight";
  private static final String POSITIONS = "embeddings.position_embeddings.weight";
  private static final String TYPES = "embeddings.token_type_embeddings.weight";
  private static final String NORM = "embeddings.LayerNorm";

  private Embeddings() {}

  /** Positions count from 0. */
  static ScriptObject fromZero(Parts parts, boolean typed) throws IOException {
    return of(parts, typed, 0, "torch.slice(self.positions, 0, 0, torch.size(ids, 1))");
  }

  /**
   * Positions count from the padding id plus 1, and padding tokens, also those that a text spells
   * out, stay at the padding id (create_position_ids_from_input_ids in modeling_roberta.py).
   */
  static ScriptObject afterPadding(Parts parts, boolean typed, int paddingId) throws IOException {
    String positions =
        """
        torch.embedding(self.positions, torch.add(torch.mul(torch.cumsum(torch.ne(ids, %d), 1, \
        dtype=3), torch.ne(ids, %d)), %d))\
        """
            .formatted(paddingId, paddingId, paddingId);
    return of(parts, typed, paddingId + 1, positions);
  }

  private static ScriptObject of(Parts parts, boolean typed, int before, String lookUp)
      throws IOException {
    EncoderConfig config = parts.config();
    int hidden = config.hidden();
    int rows = config.positions() + before;
    float[] positions = parts.floats(POSITIONS, rows, hidden);
    ScriptObject embeddings =
        new ScriptObject(new ScriptClass("Embeddings", forward(typed, lookUp)))
            .tensor("words", parts.weight(WORDS, config.vocabulary(), hidden));
    if (typed) {
      addTypes(parts, positions, embeddings);
    }
    return embeddings
        .tensor("positions", parts.computed(Tensors.of(positions, rows, hidden)))
        .module("norm", parts.layerNorm(NORM));
  }

  /** Token type 0 is added to the positions beforehand, for most texts have no other. */
  private static void addTypes(Parts parts, float[] positions, ScriptObject embeddings)
      throws IOException {
    int hidden = parts.config().hidden();
    int count = parts.config().typeVocabulary();
    float[] types = parts.floats(TYPES, count, hidden);
    float[] relative = new float[types.length];
    for (int i = 0; i < positions.length; i++) {
      positions[i] += types[i % hidden];
    }
    for (int i = 0; i < types.length; i++) {
      relative[i] = types[i] - types[i % hidden];
    }
    embeddings.tensor("types", parts.computed(Tensors.of(relative, count, hidden)));
  }

  private static String forward(boolean typed, String lookUp) {
    return """
        def forward(self: __torch__.Embeddings, ids: Tensor, types: Tensor) -> Tensor:
          x = torch.add(torch.embedding(self.words, ids), %s)
        """
            .formatted(lookUp)
        + (typed ? ADD_TYPES : "")
        + "  return (self.norm).forward(x)\n";
  }

  private static final String ADD_TYPES =
      """
        if torch.gt(torch.numel(types), 0):
          x = torch.add(x, torch.embedding(self.types, types))
        else:
          pass
      """;
}
