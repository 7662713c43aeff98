package dev.headrace.worker.loop;

import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationChunk;
import dev.headrace.protocol.body.TokenLogprob;
import dev.headrace.transport.redis.ChunkStore;
import dev.headrace.transport.redis.ChunkStore.Piece;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowProgress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Sends text to those who read along: collects what comes at every step and writes it a few times a
 * second, all requests in one call. While Redis is away the text collects here; it is no more than
 * the outcome will hold.
 */
final class Streams {
  private final ChunkStore store;
  private final StoreGate gate;
  private final String epoch;
  private final long intervalNanos;
  private final Map<Long, Reading> readings = new HashMap<>();

  /** Those of finished requests, to be written before they are forgotten. */
  private final List<Piece> last = new ArrayList<>();

  private long writeAt;

  private static final class Reading {
    final InferenceRequest request;
    final Map<Integer, Choice> choices = new TreeMap<>();

    Reading(InferenceRequest request) {
      this.request = request;
    }
  }

  private static final class Choice {
    final StringBuilder text = new StringBuilder();
    final List<TokenLogprob> logprobs = new ArrayList<>();

    /** Characters that were written. */
    int offset;

    /** Characters of {@link #text} that are being written. */
    int writing;

    int writingLogprobs;
  }

  /**
   * Makes it.
   *
   * @param epoch names this life of the worker
   * @param intervalNanos between two writes
   */
  Streams(ChunkStore store, StoreGate gate, String epoch, long intervalNanos, long nowNanos) {
    this.store = store;
    this.gate = gate;
    this.epoch = epoch;
    this.intervalNanos = intervalNanos;
    this.writeAt = nowNanos;
  }

  /** Takes what came of a choice. */
  void progressed(Job job, int index, RowProgress progress) {
    if (progress.text().isEmpty() && progress.logprobs().isEmpty()) {
      return;
    }
    Reading reading = readings.computeIfAbsent(job.number(), n -> new Reading(job.request()));
    Choice choice = reading.choices.computeIfAbsent(index, i -> new Choice());
    choice.text.append(progress.text());
    choice.logprobs.addAll(progress.logprobs());
  }

  /** The request's texts are finished; the rest is written with the reasons. */
  void finished(Job job, List<RowOutput> outputs) {
    Reading reading = readings.remove(job.number());
    if (reading == null) {
      reading = new Reading(job.request());
    }
    for (int i = 0; i < outputs.size(); i++) {
      if (outputs.get(i) instanceof RowOutput.Generated generated) {
        Choice choice = reading.choices.getOrDefault(i, new Choice());
        String text = generated.text();
        String rest = text.substring(Math.min(choice.offset, text.length()));
        List<TokenLogprob> logprobs = generated.logprobs() == null ? null : choice.logprobs;
        last.add(piece(reading.request, i, choice.offset, rest, generated.finish(), logprobs));
      }
    }
  }

  /** The request ended in another way. */
  void forget(Job job) {
    readings.remove(job.number());
  }

  /** Writes if it is time; returns the pieces written. */
  int runOnce(long nowNanos) {
    if (nowNanos - writeAt < 0 || (readings.isEmpty() && last.isEmpty()) || !gate.open()) {
      return 0;
    }
    List<Piece> pieces = new ArrayList<>(last);
    List<Choice> writing = new ArrayList<>();
    for (Reading reading : readings.values()) {
      reading.choices.forEach(
          (index, choice) -> {
            if (choice.text.length() > 0) {
              pieces.add(begin(reading.request, index, choice));
              writing.add(choice);
            }
          });
    }
    if (pieces.isEmpty()) {
      return 0;
    }
    writeAt = nowNanos + intervalNanos;
    if (!gate.tell("writing streamed text", () -> store.append(pieces))) {
      return 0;
    }
    last.clear();
    for (Choice choice : writing) {
      choice.offset += choice.writing;
      choice.text.delete(0, choice.writing);
      choice.logprobs.subList(0, choice.writingLogprobs).clear();
    }
    return pieces.size();
  }

  private Piece begin(InferenceRequest request, int index, Choice choice) {
    choice.writing = choice.text.length();
    choice.writingLogprobs = choice.logprobs.size();
    List<TokenLogprob> logprobs = choice.logprobs.isEmpty() ? null : choice.logprobs;
    return piece(request, index, choice.offset, choice.text.toString(), null, logprobs);
  }

  private Piece piece(
      InferenceRequest request,
      int index,
      int offset,
      String text,
      @Nullable FinishReason finish,
      @Nullable List<TokenLogprob> logprobs) {
    GenerationChunk chunk =
        new GenerationChunk(
            request.id(),
            request.time().getEpochSecond(),
            request.model(),
            index,
            text,
            finish,
            logprobs,
            null);
    return new Piece(
        request.address().client(), request.id(), epoch, offset, chunk.encode(request.task()));
  }
}
