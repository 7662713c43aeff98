package dev.headrace.worker.generate.schedule;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.TokenLogprob;
import dev.headrace.worker.device.GenerationRow;
import dev.headrace.worker.generate.sample.Sampled;
import dev.headrace.worker.generate.sample.TokenCounts;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.generate.text.TextStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One text as it grows. It is waiting while it has no sequence, and running while it has one; a
 * preempted text waits again and loses nothing but time.
 */
public final class Text {
  private final GenerationRow row;
  private final long seed;
  private final Vocabulary vocabulary;
  private final TextStream stream;
  private final TokenCounts counts = new TokenCounts();
  private final List<TokenLogprob> logprobs = new ArrayList<>();

  /** Prompt and generated tokens; the last one generated has not run yet. */
  private int[] tokens;

  private int length;
  private int reportedLogprobs;
  private long rank = -1;
  private long urgency;
  private long startedNanos;
  private boolean started;
  private int cached;
  private double seconds;
  private @Nullable Sequence sequence;
  private @Nullable FinishReason finish;
  private @Nullable Failure failure;

  /**
   * A text of which nothing is generated yet.
   *
   * @param seed of its draws: with the same one it becomes the same text
   */
  public Text(GenerationRow row, long seed, Vocabulary vocabulary) {
    this.row = row;
    this.seed = seed;
    this.vocabulary = vocabulary;
    this.stream = new TextStream(vocabulary.decoder(), row.sampling().stop());
    this.tokens = Arrays.copyOf(row.prompt(), row.prompt().length + 16);
    this.length = row.prompt().length;
    for (int token : row.prompt()) {
      counts.prompt(token);
    }
  }

  public GenerationRow row() {
    return row;
  }

  /** All that is certain of the text; all of it when it is finished. */
  public String text() {
    return stream.text();
  }

  /** What became certain since the last call. */
  public String news() {
    return stream.news();
  }

  /** Log probabilities since the last call. */
  public List<TokenLogprob> newLogprobs() {
    List<TokenLogprob> news = List.copyOf(logprobs.subList(reportedLogprobs, logprobs.size()));
    reportedLogprobs = logprobs.size();
    return news;
  }

  /** Log probabilities of all tokens; empty unless asked for. */
  public List<TokenLogprob> logprobs() {
    return logprobs;
  }

  /** Tokens that were generated. */
  public int generated() {
    return length - row.prompt().length;
  }

  /** Tokens of the prompt that were found in the prefix cache. */
  public int cached() {
    return cached;
  }

  /** When its first token ran. */
  public long startedNanos() {
    return startedNanos;
  }

  /** Its share of the device's time. */
  public double seconds() {
    return seconds;
  }

  /** Why it ended; null while it goes on, and when it failed. */
  public @Nullable FinishReason finish() {
    return finish;
  }

  /** What went wrong with it alone. */
  public @Nullable Failure failure() {
    return failure;
  }

  boolean over() {
    return finish != null || failure != null;
  }

  /** Its place before those that came earlier; lower is earlier. To be set before it is added. */
  public void urgency(long value) {
    urgency = value;
  }

  long urgency() {
    return urgency;
  }

  long rank() {
    return rank;
  }

  void rank(long value) {
    rank = value;
  }

  long seed() {
    return seed;
  }

  TokenCounts counts() {
    return counts;
  }

  /** Prompt and generated; only the first {@link #length} count. Not to be changed. */
  int[] tokens() {
    return tokens;
  }

  int length() {
    return length;
  }

  @Nullable Sequence sequence() {
    return sequence;
  }

  /** Tokens that have run. */
  int ran() {
    return sequence == null ? 0 : sequence.tokens();
  }

  /** Tokens that have not run; at least 1, for what was sampled last is one. */
  int pending() {
    return length - ran();
  }

  /** Starts to run, with the first tokens known already. */
  void run(Sequence begun, long nowNanos) {
    sequence = begun;
    if (!started) {
      started = true;
      startedNanos = nowNanos;
      cached = Math.min(begun.tokens(), row.prompt().length);
    }
  }

  /** Gives its sequence away; it waits then. */
  Sequence stop() {
    Sequence was = sequence;
    if (was == null) {
      throw new IllegalStateException("text " + rank + " does not run");
    }
    sequence = null;
    return was;
  }

  void worked(double more) {
    seconds += more;
  }

  /** Takes the next token, which may be the last. */
  void add(Sampled sampled, int maxPositions) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.min(maxPositions, length + length / 2) + 1);
    }
    int token = sampled.token();
    tokens[length++] = token;
    counts.generated(token);
    boolean end = !row.sampling().ignoreEnd() && vocabulary.ends().contains(token);
    if (end || row.sampling().stopTokens().contains(token)) {
      end(FinishReason.STOP);
      return;
    }
    if (row.sampling().logprobs() >= 0) {
      logprobs.add(described(sampled));
    }
    if (stream.add(token)) {
      end(FinishReason.STOP);
    } else if (generated() >= row.maxTokens() || length >= maxPositions) {
      end(FinishReason.LENGTH);
    }
  }

  private TokenLogprob described(Sampled sampled) {
    List<TokenLogprob.Alternative> top = new ArrayList<>(sampled.top().size());
    sampled
        .top()
        .forEach(a -> top.add(new TokenLogprob.Alternative(shown(a.token()), a.logprob())));
    return new TokenLogprob(shown(sampled.token()), sampled.logprob(), top);
  }

  private String shown(int token) {
    return vocabulary.decoder().decode(new int[] {token});
  }

  /** Ends it with what there is. */
  void end(FinishReason reason) {
    // What the stream held back may complete a stop string now.
    finish = stream.end() && reason == FinishReason.LENGTH ? FinishReason.STOP : reason;
  }

  void fail(Failure what) {
    failure = what;
  }
}
