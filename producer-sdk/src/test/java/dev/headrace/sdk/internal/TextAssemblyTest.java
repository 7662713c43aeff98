package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.TraceContext;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationChunk;
import dev.headrace.protocol.body.GenerationResponse;
import dev.headrace.protocol.body.TokenUsage;
import dev.headrace.sdk.TextChunk;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TextAssemblyTest {
  private final TextAssembly assembly = new TextAssembly();

  private void piece(int index, int offset, String text) {
    GenerationChunk chunk = new GenerationChunk("r", 1, "m", index, text, null, null, null);
    assembly.piece(offset, chunk.encode(Task.CHAT_COMPLETIONS));
  }

  private void end(String... texts) {
    List<GenerationResponse.Choice> choices = new ArrayList<>();
    for (int i = 0; i < texts.length; i++) {
      choices.add(new GenerationResponse.Choice(i, texts[i], FinishReason.STOP, null));
    }
    byte[] body =
        new GenerationResponse("r", 1, "m", choices, new TokenUsage(1, 1, 0))
            .encode(Task.CHAT_COMPLETIONS);
    assembly.ended(
        new Outcome(
            new Address("c", "r", true, null),
            Status.OK,
            null,
            Instant.EPOCH,
            "/test",
            Map.of(),
            body,
            TraceContext.NONE));
  }

  /** What a subscriber has of choice 0 in the end. */
  private String read() {
    StringBuilder text = new StringBuilder();
    for (TextChunk chunk = assembly.poll(); chunk != null; chunk = assembly.poll()) {
      if (chunk.replaces()) {
        text.setLength(0);
      }
      text.append(chunk.index() == 0 ? chunk.text() : "");
    }
    return text.toString();
  }

  @Test
  void piece_that_comes_twice_adds_nothing() {
    piece(0, 0, "ab");
    piece(0, 2, "cd");
    piece(0, 2, "cd");
    piece(0, 1, "bcde");
    assertThat(read()).isEqualTo("abcde");
  }

  @Test
  void second_run_with_the_same_text_goes_on_where_the_first_stopped() {
    piece(0, 0, "ab");
    piece(0, 0, "a");
    piece(0, 1, "bc");
    end("abcd");
    assertThat(read()).isEqualTo("abcd");
  }

  @Test
  void second_run_with_another_text_waits_for_the_outcome_and_replaces() {
    piece(0, 0, "ab");
    piece(0, 0, "axy");
    piece(0, 3, "z");
    assertThat(assembly.poll().text()).isEqualTo("ab");
    assertThat(assembly.poll()).isNull();
    end("axyz");
    TextChunk last = assembly.poll();
    assertThat(last.replaces()).isTrue();
    assertThat(last.text()).isEqualTo("axyz");
    assertThat(last.finish()).contains(FinishReason.STOP);
  }

  @Test
  void piece_that_is_gone_is_made_good_by_the_outcome() {
    piece(0, 0, "ab");
    piece(0, 4, "ef");
    end("abcdef");
    assertThat(read()).isEqualTo("abcdef");
  }

  @Test
  void without_any_piece_the_text_comes_at_the_end_and_choices_are_apart() {
    piece(1, 0, "other");
    end("abc", "other!");
    assertThat(assembly.poll())
        .extracting(TextChunk::index, TextChunk::text)
        .containsExactly(1, "other");
    assertThat(assembly.poll())
        .extracting(TextChunk::index, TextChunk::text)
        .containsExactly(0, "abc");
    assertThat(assembly.poll())
        .extracting(TextChunk::index, TextChunk::text)
        .containsExactly(1, "!");
    assertThat(assembly.isEmpty()).isTrue();
  }

  @Test
  void slow_subscriber_costs_no_more_than_the_text() {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < 5000; i++) {
      piece(0, all.length(), "w" + i);
      all.append("w").append(i);
    }
    int chunks = 0;
    StringBuilder got = new StringBuilder();
    for (TextChunk chunk = assembly.poll(); chunk != null; chunk = assembly.poll()) {
      got.append(chunk.text());
      chunks++;
    }
    assertThat(got.toString()).isEqualTo(all.toString());
    assertThat(chunks).isLessThan(100);
  }

  @Test
  void whatever_is_lost_repeated_or_run_again_the_text_is_the_outcomes() {
    for (long seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      TextAssembly fresh = new TextAssembly();
      String first =
          random
              .ints(40, 'a', 'c')
              .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
              .toString();
      String second = random.nextBoolean() ? first : first.substring(0, 20) + "XYZ";
      StringBuilder got = new StringBuilder();
      for (String run : List.of(first, second)) {
        int at = 0;
        while (at < run.length()) {
          int length = Math.min(run.length() - at, 1 + random.nextInt(5));
          GenerationChunk chunk =
              new GenerationChunk("r", 1, "m", 0, run.substring(at, at + length), null, null, null);
          for (int n = random.nextInt(4) == 0 ? random.nextInt(3) : 1; n > 0; n--) {
            fresh.piece(at, chunk.encode(Task.COMPLETIONS));
          }
          at += length;
          if (run == first && random.nextInt(10) == 0) {
            break;
          }
        }
      }
      fresh.ended(outcomeOf(second));
      for (TextChunk chunk = fresh.poll(); chunk != null; chunk = fresh.poll()) {
        if (chunk.replaces()) {
          got.setLength(0);
        }
        got.append(chunk.text());
      }
      assertThat(got.toString()).as("seed %d", seed).isEqualTo(second);
    }
  }

  private static Outcome outcomeOf(String text) {
    byte[] body =
        new GenerationResponse(
                "r",
                1,
                "m",
                List.of(new GenerationResponse.Choice(0, text, FinishReason.STOP, null)),
                new TokenUsage(1, 1, 0))
            .encode(Task.COMPLETIONS);
    return new Outcome(
        new Address("c", "r", true, null),
        Status.OK,
        null,
        Instant.EPOCH,
        "/test",
        Map.of(),
        body,
        TraceContext.NONE);
  }
}
