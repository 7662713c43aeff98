package dev.headrace.worker.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.TokenizerTraits;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * Tokenizes texts for one model, cutting them to the model's maximum.
 *
 * <p>Safe for use by several threads at once: the native tokenizer is immutable after it is made.
 * It works on the calling thread. Closing waits for the calls that are running; those after it
 * fail.
 */
public final class TextTokenizer implements AutoCloseable {
  /**
   * Longer texts are cut before they reach the native tokenizer, which reads all of a text even if
   * only its first tokens count. No tokenizer here has tokens of more than 64 characters on
   * average.
   */
  private static final int MAX_CHARS_PER_TOKEN = 64;

  private final HuggingFaceTokenizer tokenizer;
  private final ReadWriteLock open = new ReentrantReadWriteLock();
  private final String prompt;
  private final int maxTokens;
  private boolean closed;
  private final TokenizerTraits traits;
  private final boolean typed;

  private TextTokenizer(
      HuggingFaceTokenizer tokenizer, ModelDescription model, TokenizerTraits traits) {
    this.tokenizer = tokenizer;
    this.prompt = model.prompt();
    this.maxTokens = model.maxTokens();
    this.traits = traits;
    this.typed = traits.tokenTypes() && model.config().typeVocabulary() > 1;
  }

  /**
   * Opens the tokenizer of a model; it may be closed by another thread. A file that did not come
   * with Headrace is tried in a process of its own first, which takes half a second or so.
   */
  public static TextTokenizer open(ModelDescription model) throws IOException {
    TokenizerTraits traits = model.files().tokenizerTraits();
    byte[] json = model.files().tokenizerJson().getBytes(StandardCharsets.UTF_8);
    Map<String, String> options =
        Map.of(
            "addSpecialTokens",
            "true",
            "truncation",
            "true",
            "padding",
            "false",
            TokenizerProbe.MAX_LENGTH,
            Integer.toString(model.maxTokens()),
            "modelMaxLength",
            Integer.toString(model.maxTokens()));
    stayOffline();
    if (!model.files().builtIn()) {
      TokenizerTrial.check(model.name(), json, options);
    }
    try (InputStream in = new ByteArrayInputStream(json)) {
      return new TextTokenizer(HuggingFaceTokenizer.newInstance(in, options), model, traits);
    } catch (RuntimeException e) {
      throw new IOException("tokenizer of " + model.name() + ": " + e.getMessage(), e);
    }
  }

  /** The prompts that may be put before texts, by name. */
  public Map<String, String> prompts() {
    return traits.prompts();
  }

  /**
   * The ids of a text after the model's default prompt; an empty text gives the special tokens
   * alone.
   */
  public TokenizedText tokenize(@Nullable String given) throws InvalidTextException {
    return tokenize(prompt, given);
  }

  /** The ids of a text after some other text. */
  public TokenizedText tokenize(String before, @Nullable String given) throws InvalidTextException {
    if (given == null) {
      throw new InvalidTextException("text: null (expected: a string)");
    }
    checkSurrogates(given);
    String text = before.isEmpty() ? given : before + given;
    String head = head(text);
    return ids(head, head.length() < text.length());
  }

  /**
   * The ids alone. DJL's encoding makes Java objects of all that the tokenizer knows of each token,
   * which takes about as long as tokenising itself, and nobody asks for it here.
   */
  private TokenizedText ids(String text, boolean cut) throws InvalidTextException {
    open.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the tokenizer is closed");
      }
      TokenizersLibrary library = TokenizersLibrary.LIB;
      long encoding = library.encode(tokenizer.getHandle(), text, true);
      try {
        boolean more = library.getOverflowCount(encoding) > 0;
        return new TokenizedText(ints(library.getTokenIds(encoding)), cut || more);
      } finally {
        library.deleteEncoding(encoding);
      }
    } catch (RuntimeException e) {
      throw new InvalidTextException("text: refused by the tokenizer: " + e.getMessage());
    } finally {
      open.readLock().unlock();
    }
  }

  private static TokenizedText text(Encoding encoding, boolean cut) {
    return new TokenizedText(ints(encoding.getIds()), cut || encoding.exceedMaxLength());
  }

  /** The ids of a text without a prompt, and where its tokens are. */
  public SpannedText tokenizeWithSpans(String text) throws InvalidTextException {
    checkSurrogates(text);
    String head = head(text);
    Encoding encoding = encode(head, null);
    return new SpannedText(
        text(encoding, head.length() < text.length()),
        spans(encoding, head.codePoints().toArray()));
  }

  /**
   * As transformers' TokenClassificationPipeline tells words apart: where the tokenizer marks what
   * goes on with a word, a token is as long as its text unless it has the mark; elsewhere a word
   * goes on unless there is a space.
   */
  private TokenSpans spans(Encoding encoding, int[] text) {
    String[] tokens = encoding.getTokens();
    CharSpan[] places = encoding.getCharTokenSpans();
    long[] specials = encoding.getSpecialTokenMask();
    int[] starts = new int[tokens.length];
    int[] ends = new int[tokens.length];
    boolean[] special = new boolean[tokens.length];
    boolean[] continues = new boolean[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      @Nullable CharSpan place = places[i];
      special[i] = specials[i] != 0 || place == null;
      if (place == null || special[i]) {
        continue;
      }
      starts[i] = place.getStart();
      ends[i] = place.getEnd();
      if (tokens[i].equals(traits.unknownToken())) {
        continue;
      }
      continues[i] =
          traits.continuingPrefix().isEmpty()
              ? starts[i] > 0 && !hasSpace(text, starts[i])
              : tokens[i].codePointCount(0, tokens[i].length()) != ends[i] - starts[i];
    }
    return new TokenSpans(starts, ends, special, continues);
  }

  private static boolean hasSpace(int[] text, int at) {
    return text[at - 1] == ' ' || (at < text.length && text[at] == ' ');
  }

  /** What a token stands for, perhaps with a space before it. */
  public String text(int token) {
    return tokenizer.decode(new long[] {token}, false);
  }

  /**
   * The ids and types of two texts as one row, without a prompt. Where both are too long, tokens
   * are cut from the longer one first.
   */
  public TokenizedText tokenizePair(String first, String second) throws InvalidTextException {
    checkSurrogates(first);
    checkSurrogates(second);
    String firstHead = head(first);
    String secondHead = head(second);
    Encoding encoding = encode(firstHead, secondHead);
    boolean cut =
        firstHead.length() < first.length()
            || secondHead.length() < second.length()
            || encoding.exceedMaxLength();
    int[] ids = ints(encoding.getIds());
    return typed
        ? new TokenizedText(ids, ints(encoding.getTypeIds()), cut)
        : new TokenizedText(ids, cut);
  }

  private static int[] ints(long[] longs) {
    int[] ints = new int[longs.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) longs[i];
    }
    return ints;
  }

  private Encoding encode(String text, @Nullable String pair) throws InvalidTextException {
    open.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the tokenizer is closed");
      }
      return pair == null
          ? tokenizer.encode(text, true, false)
          : tokenizer.encode(text, pair, true, false);
    } catch (RuntimeException e) {
      throw new InvalidTextException("text: refused by the tokenizer: " + e.getMessage());
    } finally {
      open.readLock().unlock();
    }
  }

  private String head(String text) {
    int limit = maxTokens * MAX_CHARS_PER_TOKEN;
    if (text.length() <= limit) {
      return text;
    }
    return text.substring(0, Character.isHighSurrogate(text.charAt(limit - 1)) ? limit - 1 : limit);
  }

  /** Half of a surrogate pair has no UTF-8 form; the native side would fail or see other bytes. */
  static void checkSurrogates(String text) throws InvalidTextException {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        boolean pair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!pair) {
          throw new InvalidTextException(
              "text: lone surrogate "
                  + Integer.toHexString(c)
                  + " at index "
                  + i
                  + " (expected: valid Unicode)");
        }
        i++;
      }
    }
  }

  /** Otherwise DJL may report use to its makers and look for files online. */
  static void stayOffline() {
    setIfAbsent("ai.djl.offline", "true");
    setIfAbsent("OPT_OUT_TRACKING", "true");
  }

  private static void setIfAbsent(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }

  @Override
  public void close() {
    open.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        tokenizer.close();
      }
    } finally {
      open.writeLock().unlock();
    }
  }
}
