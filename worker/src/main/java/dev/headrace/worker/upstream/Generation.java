package dev.headrace.worker.upstream;

import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationChunk;
import dev.headrace.protocol.body.TokenLogprob;
import dev.headrace.protocol.body.TokenUsage;
import dev.headrace.worker.device.RowOutput.Generated;
import dev.headrace.worker.device.RowProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** One text that the server generates. Owned by the engine's thread. */
final class Generation {
  final long batch;
  final int row;
  final UpstreamModel model;
  final int promptTokens;
  final long startedNanos;
  long heardNanos;
  double seconds;
  boolean ended;
  private final StringBuilder text = new StringBuilder();
  private final List<TokenLogprob> logprobs = new ArrayList<>();
  private boolean sentAgain;
  private int pieces;
  private int reported;
  private int reportedLogprobs;
  private @Nullable FinishReason finish;
  private @Nullable TokenUsage usage;
  private @Nullable Future<?> call;

  Generation(long batch, int row, UpstreamModel model, int promptTokens, long nowNanos) {
    this.batch = batch;
    this.row = row;
    this.model = model;
    this.promptTokens = promptTokens;
    this.startedNanos = nowNanos;
    this.heardNanos = nowNanos;
  }

  void runs(Future<?> itsCall) {
    call = itsCall;
  }

  /**
   * Whether to send it once more: it broke before anything came. A server may close a connection
   * that it kept open just when it is used again, and no one else tries a second time.
   */
  boolean again() {
    boolean first = !sentAgain && pieces == 0 && !whole();
    sentAgain = true;
    return first;
  }

  /** Closes the connection, if it is open. */
  void stop() {
    ended = true;
    if (call != null) {
      call.cancel(true);
    }
  }

  /** Takes a piece. */
  void add(GenerationChunk chunk, long nowNanos) {
    heardNanos = nowNanos;
    if (!chunk.text().isEmpty()) {
      text.append(chunk.text());
      pieces++;
    }
    List<TokenLogprob> more = chunk.logprobs();
    if (more != null) {
      logprobs.addAll(more);
    }
    if (chunk.finish() != null) {
      finish = chunk.finish();
    }
    if (chunk.usage() != null) {
      usage = chunk.usage();
    }
  }

  /** What came since the last report, or null. */
  @Nullable RowProgress progress() {
    if (reported == text.length() && reportedLogprobs == logprobs.size()) {
      return null;
    }
    // A pair of surrogates may come in two pieces: its first half waits for the second.
    int end = text.length();
    if (end > reported && Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    String piece = text.substring(reported, end);
    List<TokenLogprob> more = logprobs.subList(reportedLogprobs, logprobs.size());
    RowProgress progress = new RowProgress(row, piece, tokens(), List.copyOf(more));
    reported = end;
    reportedLogprobs = logprobs.size();
    return progress;
  }

  /** Tokens so far; a server sends a piece for each, and says the exact number at the end. */
  int tokens() {
    return usage == null ? pieces : (int) usage.completionTokens();
  }

  int promptTokens() {
    return usage == null ? promptTokens : (int) usage.promptTokens();
  }

  /** Whether the server said why the text ended; if not, the connection broke. */
  boolean whole() {
    return finish != null;
  }

  /** The text as it is. */
  Generated output(@Nullable FinishReason reason) {
    FinishReason why = reason != null ? reason : finish != null ? finish : FinishReason.STOP;
    return new Generated(
        text.toString(),
        why,
        promptTokens(),
        usage == null ? 0 : (int) usage.cachedTokens(),
        tokens(),
        logprobs.isEmpty() ? null : logprobs);
  }
}
