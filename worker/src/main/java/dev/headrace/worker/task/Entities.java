package dev.headrace.worker.task;

import dev.headrace.protocol.body.Aggregation;
import dev.headrace.protocol.body.TokenClassificationsResponse.Entity;
import dev.headrace.worker.text.TokenSpans;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes entities of the labels of tokens, as transformers' TokenClassificationPipeline does: tokens
 * become words, unless none or {@code simple} is asked; neighbours of one kind become one entity,
 * except that a label {@code B-…} begins another; those labelled {@code O} are left out.
 */
final class Entities {
  private static final String OUTSIDE = "O";

  private final List<String> labels;
  private final Aggregation aggregation;

  Entities(List<String> labels, Aggregation aggregation) {
    this.labels = labels;
    this.aggregation = aggregation;
  }

  /** A stretch of the text with a label, in code points. */
  private record Piece(String label, double score, int start, int end) {
    /** Whether a new entity begins here whatever is before. */
    boolean begins() {
      return label.startsWith("B-");
    }

    /** What it is, without its place in the entity. Labels without one count as inside. */
    String kind() {
      return begins() || label.startsWith("I-") ? label.substring(2) : label;
    }

    /** The entity's name: what stands behind the first hyphen, whatever is before it. */
    String name() {
      return label.substring(label.indexOf('-') + 1);
    }
  }

  /** A token and its probabilities, {@code [labels]}. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Token(int start, int end, boolean continues, double[] scores) {
    int best() {
      return argmax(scores);
    }
  }

  /**
   * The entities of a text.
   *
   * @param logits {@code [tokens, labels]}
   */
  List<Entity> of(String text, TokenSpans spans, float[] logits) {
    List<Token> tokens = tokens(spans, logits);
    List<Piece> pieces =
        switch (aggregation) {
          case NONE -> tokens.stream().map(t -> piece(List.of(t), t)).toList();
          case SIMPLE -> grouped(tokens.stream().map(t -> piece(List.of(t), t)).toList());
          case FIRST, AVERAGE, MAX -> grouped(words(tokens));
        };
    List<Entity> entities = new ArrayList<>();
    for (Piece piece : pieces) {
      if (!piece.label().equals(OUTSIDE)) {
        int from = text.offsetByCodePoints(0, piece.start());
        int to = text.offsetByCodePoints(from, piece.end() - piece.start());
        entities.add(
            new Entity(
                piece.label(),
                piece.score(),
                text.substring(from, to),
                piece.start(),
                piece.end()));
      }
    }
    return entities;
  }

  private List<Token> tokens(TokenSpans spans, float[] logits) {
    List<Token> tokens = new ArrayList<>();
    for (int i = 0; i < spans.tokens(); i++) {
      if (!spans.special()[i]) {
        double[] scores = new double[labels.size()];
        for (int label = 0; label < scores.length; label++) {
          scores[label] = logits[i * scores.length + label];
        }
        Scores.softmax(scores);
        tokens.add(new Token(spans.starts()[i], spans.ends()[i], spans.continues()[i], scores));
      }
    }
    return tokens;
  }

  private List<Piece> words(List<Token> tokens) {
    List<Piece> words = new ArrayList<>();
    List<Token> word = new ArrayList<>();
    for (Token token : tokens) {
      if (!word.isEmpty() && !token.continues()) {
        words.add(word(word));
        word.clear();
      }
      word.add(token);
    }
    if (!word.isEmpty()) {
      words.add(word(word));
    }
    return words;
  }

  private Piece word(List<Token> tokens) {
    Token decisive = tokens.get(0);
    if (aggregation == Aggregation.MAX) {
      for (Token token : tokens) {
        if (token.scores()[token.best()] > decisive.scores()[decisive.best()]) {
          decisive = token;
        }
      }
    } else if (aggregation == Aggregation.AVERAGE) {
      double[] mean = new double[labels.size()];
      for (Token token : tokens) {
        for (int i = 0; i < mean.length; i++) {
          mean[i] += token.scores()[i] / tokens.size();
        }
      }
      decisive = new Token(0, 0, false, mean);
    }
    return piece(tokens, decisive);
  }

  private Piece piece(List<Token> tokens, Token decisive) {
    int best = decisive.best();
    return new Piece(
        labels.get(best),
        decisive.scores()[best],
        tokens.get(0).start(),
        tokens.get(tokens.size() - 1).end());
  }

  private static List<Piece> grouped(List<Piece> pieces) {
    List<Piece> groups = new ArrayList<>();
    List<Piece> group = new ArrayList<>();
    for (Piece piece : pieces) {
      boolean goesOn =
          !group.isEmpty()
              && !piece.begins()
              && piece.kind().equals(group.get(group.size() - 1).kind());
      if (!group.isEmpty() && !goesOn) {
        groups.add(group(group));
        group.clear();
      }
      group.add(piece);
    }
    if (!group.isEmpty()) {
      groups.add(group(group));
    }
    return groups;
  }

  private static Piece group(List<Piece> pieces) {
    double mean = pieces.stream().mapToDouble(Piece::score).average().orElseThrow();
    Piece first = pieces.get(0);
    return new Piece(first.name(), mean, first.start(), pieces.get(pieces.size() - 1).end());
  }

  private static int argmax(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }
}
