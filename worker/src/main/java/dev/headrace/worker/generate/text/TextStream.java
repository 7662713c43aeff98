package dev.headrace.worker.generate.text;

import java.util.List;

/** A text as its tokens come: detokenised, and ended by the first stop string. */
public final class TextStream {
  private final Detokenizer detokenizer;
  private final StopStrings stops;
  private final StringBuilder text = new StringBuilder();
  private int reported;

  public TextStream(TokenDecoder decoder, List<String> stopStrings) {
    this.detokenizer = new Detokenizer(decoder);
    this.stops = new StopStrings(stopStrings);
  }

  /**
   * Takes a token.
   *
   * @return whether a stop string is complete, and the text with it
   */
  public boolean add(int token) {
    text.append(stops.add(detokenizer.add(token)));
    return stops.found();
  }

  /** Ends the text: nothing follows that could complete a character or a stop string. */
  public boolean end() {
    text.append(stops.add(detokenizer.flush()));
    text.append(stops.flush());
    return stops.found();
  }

  /** All that is certain so far. */
  public String text() {
    return text.toString();
  }

  /** What is certain now and was not at the last call. */
  public String news() {
    String news = text.substring(reported);
    reported = text.length();
    return news;
  }
}
