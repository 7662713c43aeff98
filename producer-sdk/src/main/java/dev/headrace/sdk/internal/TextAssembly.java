package dev.headrace.sdk.internal;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationChunk;
import dev.headrace.protocol.body.GenerationResponse;
import dev.headrace.protocol.body.TokenLogprob;
import dev.headrace.sdk.TextChunk;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the pieces of a request's texts together, so that each character comes out once: pieces say
 * where they belong, one that was read twice adds nothing. A second run, after a worker died,
 * begins at 0 again; as long as its text is the same it goes on where the first one stopped. What
 * does not fit (another text, a piece that is gone) waits for the outcome, which has all of it.
 * Thread-safe.
 */
public final class TextAssembly {
  private static final Logger LOG = LoggerFactory.getLogger(TextAssembly.class);

  /** Pieces kept for a slow subscriber before they are joined (chosen). */
  private static final int MANY = 64;

  private final Map<Integer, Choice> choices = new HashMap<>();
  private final ArrayDeque<TextChunk> waiting = new ArrayDeque<>();
  private boolean ended;
  private boolean cleared;

  private static final class Choice {
    final StringBuilder text = new StringBuilder();
    boolean broken;
  }

  /**
   * Takes a piece from the stream.
   *
   * @param offset where its text begins
   * @param json the chunk
   */
  public synchronized void piece(int offset, byte[] json) {
    if (ended || cleared) {
      return;
    }
    GenerationChunk chunk;
    try {
      chunk = GenerationChunk.parse(json);
    } catch (FailureException e) {
      LOG.warn("streamed piece not read cause={}", e.getMessage());
      return;
    }
    Choice choice = choices.computeIfAbsent(chunk.index(), i -> new Choice());
    int have = choice.text.length();
    int known = Math.min(have, offset + chunk.text().length()) - offset;
    if (choice.broken || offset > have || !same(choice.text, offset, chunk.text(), known)) {
      choice.broken = true;
      return;
    }
    String fresh = chunk.text().substring(Math.max(0, known));
    if (!fresh.isEmpty()) {
      choice.text.append(fresh);
      List<TokenLogprob> logprobs = known > 0 ? null : chunk.logprobs();
      add(chunk.index(), fresh, logprobs);
    }
  }

  private static boolean same(CharSequence have, int offset, String text, int length) {
    for (int i = 0; i < length; i++) {
      if (have.charAt(offset + i) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private void add(int index, String text, @Nullable List<TokenLogprob> logprobs) {
    List<TokenLogprob> all = logprobs == null ? List.of() : logprobs;
    TextChunk last = waiting.peekLast();
    if (waiting.size() >= MANY && last != null && last.index() == index) {
      waiting.removeLast();
      List<TokenLogprob> joined = new ArrayList<>(last.logprobs());
      joined.addAll(all);
      waiting.add(
          new TextChunk(index, last.text() + text, Optional.empty(), joined, last.replaces()));
    } else {
      waiting.add(new TextChunk(index, text, Optional.empty(), all, false));
    }
  }

  /** Takes the outcome: it says what is missing, and how each text ended. */
  public synchronized void ended(Outcome outcome) {
    ended = true;
    if (cleared) {
      return;
    }
    GenerationResponse response;
    try {
      response = GenerationResponse.parse(outcome.body());
    } catch (FailureException e) {
      return; // no text in it, as in most failures
    }
    for (GenerationResponse.Choice whole : response.choices()) {
      Choice choice = choices.computeIfAbsent(whole.index(), i -> new Choice());
      String had = choice.text.toString();
      boolean goesOn = whole.text().startsWith(had);
      FinishReason finish = whole.finish();
      waiting.add(
          new TextChunk(
              whole.index(),
              goesOn ? whole.text().substring(had.length()) : whole.text(),
              Optional.of(finish),
              List.of(),
              !goesOn));
    }
  }

  /** The next piece for the subscriber, or null. */
  public synchronized @Nullable TextChunk poll() {
    return waiting.poll();
  }

  public synchronized boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Nobody wants it. */
  public synchronized void clear() {
    cleared = true;
    waiting.clear();
  }
}
