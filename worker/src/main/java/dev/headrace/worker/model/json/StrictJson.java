package dev.headrace.worker.model.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Opens one JSON document of a given size and depth at most. UTF-8 only (Jackson would accept
 * others by their first bytes), no name twice in an object, nothing behind the document.
 *
 * <p>Every failure is a {@link MalformedModelException} that names the file.
 */
public final class StrictJson {
  /** Chosen: names of tensors and labels are far shorter. */
  private static final int MAX_NAME_LENGTH = 4096;

  /** A {@code model_max_length} of 1e30 is written as 31 digits. */
  private static final int MAX_NUMBER_LENGTH = 100;

  /** Names and values quoted in messages are cut to this many characters. */
  private static final int MAX_QUOTE = 80;

  private static final int MAX_REASON = 200;

  private static final ObjectReader TREES = new ObjectMapper().reader();

  private final String file;
  private final int maxBytes;
  private final JsonFactory factory;

  /**
   * @param file what messages call the document
   * @param maxBytes longer documents are refused
   * @param maxDepth more deeply nested documents are refused; an object of scalars has depth 1
   */
  public StrictJson(String file, int maxBytes, int maxDepth) {
    this.file = file;
    this.maxBytes = maxBytes;
    StreamReadConstraints constraints =
        StreamReadConstraints.builder()
            .maxDocumentLength(maxBytes)
            .maxStringLength(maxBytes)
            .maxNestingDepth(maxDepth)
            .maxNameLength(MAX_NAME_LENGTH)
            .maxNumberLength(MAX_NUMBER_LENGTH)
            .build();
    // Names are not interned or kept: they come from strangers.
    this.factory =
        JsonFactory.builder()
            .streamReadConstraints(constraints)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();
  }

  /** The bytes of the file, of which there are not too many. */
  public byte[] read(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw malformed("no such file (expected: a JSON file)");
    }
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(maxBytes);
      if (bytes.length == maxBytes && in.read() >= 0) {
        throw malformed("longer than " + maxBytes + " bytes (expected: at most that)");
      }
      return bytes;
    }
  }

  /** The document as a tree, which must be an object. */
  public ObjectNode object(byte[] utf8) throws MalformedModelException {
    if (tree(utf8) instanceof ObjectNode object) {
      return object;
    }
    throw malformed("not an object (expected: a JSON object)");
  }

  /** The document as a tree, which must be an array. */
  public ArrayNode array(byte[] utf8) throws MalformedModelException {
    if (tree(utf8) instanceof ArrayNode array) {
      return array;
    }
    throw malformed("not an array (expected: a JSON array)");
  }

  private @Nullable JsonNode tree(byte[] utf8) throws MalformedModelException {
    return read(utf8, parser -> TREES.readTree(parser));
  }

  /** Lets {@code reader} read the document's tokens; it must read the whole document. */
  public <T extends @Nullable Object> T read(byte[] utf8, Reader<T> reader)
      throws MalformedModelException {
    char[] text = decode(ByteBuffer.wrap(utf8));
    try (JsonParser parser = factory.createParser(text)) {
      T result = reader.read(parser);
      if (parser.nextToken() != null) {
        throw malformed("more text behind the JSON document (expected: its end)");
      }
      return result;
    } catch (MalformedModelException e) {
      throw e;
    } catch (JsonProcessingException e) {
      String reason = shorten(String.valueOf(e.getOriginalMessage()), MAX_REASON);
      throw malformed(reason + " (expected: strict JSON" + position(e) + ")", e);
    } catch (IOException e) {
      throw malformed(e + " (expected: strict JSON)", e);
    }
  }

  /** Reads a document from its tokens. */
  @FunctionalInterface
  public interface Reader<T extends @Nullable Object> {
    T read(JsonParser parser) throws IOException;
  }

  private char[] decode(ByteBuffer utf8) throws MalformedModelException {
    if (utf8.remaining() > maxBytes) {
      throw malformed(utf8.remaining() + " bytes (expected: at most " + maxBytes + ")");
    }
    try {
      CharBuffer chars = StandardCharsets.UTF_8.newDecoder().decode(utf8);
      char[] text = new char[chars.remaining()];
      chars.get(text);
      return text;
    } catch (CharacterCodingException e) {
      throw malformed("not UTF-8 (expected: JSON in UTF-8)", e);
    }
  }

  public MalformedModelException malformed(String message) {
    return new MalformedModelException(file + ": " + message);
  }

  private MalformedModelException malformed(String message, Exception cause) {
    return new MalformedModelException(file + ": " + message, cause);
  }

  private static String position(JsonProcessingException e) {
    JsonLocation at = e.getLocation();
    return at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
  }

  /** "object", "string" and so on. */
  public static String kind(JsonNode node) {
    return node.getNodeType().name().toLowerCase(Locale.ROOT);
  }

  /** A text of unknown origin, fit for a message: short, one line. */
  public static String quoted(String text) {
    return shorten(text, MAX_QUOTE);
  }

  private static String shorten(String text, int limit) {
    StringBuilder line = new StringBuilder();
    text.codePoints()
        .limit(limit)
        .forEach(c -> line.appendCodePoint(Character.isISOControl(c) ? ' ' : c));
    return line.length() < text.length() ? line.append("...").toString() : line.toString();
  }
}
