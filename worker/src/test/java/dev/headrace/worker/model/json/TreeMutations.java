package dev.headrace.worker.model.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Accidents that leave a document JSON: values lost, changed, moved, given twice. */
public final class TreeMutations {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final Random random;

  public TreeMutations(long seed) {
    this.random = new Random(seed);
  }

  /** The document after one to three accidents. */
  public byte[] damage(byte[] document) throws IOException {
    JsonNode root = MAPPER.readTree(document);
    for (int i = random.nextInt(3); i >= 0; i--) {
      once(root);
    }
    return MAPPER.writeValueAsBytes(root);
  }

  /**
   * Goes down at random, so that the few values near the root are met as often as the many below.
   */
  private void once(JsonNode root) {
    JsonNode node = root;
    while (true) {
      if (!(node instanceof ContainerNode<?> container) || container.isEmpty()) {
        return;
      }
      int at = random.nextInt(container.size());
      JsonNode child = child(container, at);
      if (child instanceof ContainerNode<?> inner && !inner.isEmpty() && random.nextInt(4) > 0) {
        node = child;
        continue;
      }
      accident(root, container, at, child);
      return;
    }
  }

  private static JsonNode child(ContainerNode<?> container, int at) {
    if (container instanceof ArrayNode array) {
      return array.get(at);
    }
    Iterator<JsonNode> values = container.elements();
    for (int i = 0; i < at; i++) {
      values.next();
    }
    return values.next();
  }

  private void accident(JsonNode root, ContainerNode<?> parent, int at, JsonNode child) {
    JsonNode changed =
        switch (random.nextInt(5)) {
          case 0 -> null;
          case 1 -> scalar();
          case 2 -> changed(child);
          case 3 -> any(root);
          default -> child.isTextual() ? text(child.textValue()) : scalar();
        };
    if (parent instanceof ArrayNode array) {
      if (changed == null) {
        array.remove(at);
      } else if (random.nextInt(3) == 0) {
        array.insert(at, changed);
      } else {
        array.set(at, changed);
      }
      return;
    }
    ObjectNode object = (ObjectNode) parent;
    String name = List.copyOf(fields(object)).get(at);
    if (changed == null) {
      object.remove(name);
    } else {
      object.set(random.nextInt(8) == 0 ? name + "x" : name, changed);
    }
  }

  private static List<String> fields(ObjectNode object) {
    List<String> names = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      names.add(field.getKey());
    }
    return names;
  }

  /** A copy of some other part of the document. */
  private JsonNode any(JsonNode root) {
    JsonNode node = root;
    for (int depth = 1 + random.nextInt(4); depth > 0; depth--) {
      if (node instanceof ContainerNode<?> container && !container.isEmpty()) {
        node = child(container, random.nextInt(container.size()));
      }
    }
    return node.deepCopy();
  }

  private JsonNode changed(JsonNode child) {
    if (child.isNumber()) {
      long[] numbers = {0, 1, -1, 2, 7, 1000, 1L << 31, (1L << 32) - 1, 1L << 32, Long.MAX_VALUE};
      return NODES.numberNode(numbers[random.nextInt(numbers.length)]);
    }
    if (child.isBoolean()) {
      return NODES.booleanNode(!child.booleanValue());
    }
    return child.isTextual() ? text(child.textValue()) : NODES.nullNode();
  }

  private JsonNode text(String text) {
    return NODES.textNode(
        switch (random.nextInt(6)) {
          case 0 -> "";
          case 1 -> text + text;
          case 2 ->
              text.substring(
                  0, text.offsetByCodePoints(0, text.codePointCount(0, text.length()) / 2));
          case 3 -> "(" + text;
          case 4 -> "\ud83d\ude00\u0000" + text;
          default -> "(a*)*$";
        });
  }

  private JsonNode scalar() {
    return switch (random.nextInt(6)) {
      case 0 -> NODES.nullNode();
      case 1 -> NODES.numberNode(random.nextInt());
      case 2 -> NODES.numberNode(random.nextGaussian() * 1e300);
      case 3 -> NODES.booleanNode(random.nextBoolean());
      case 4 -> NODES.textNode("x");
      default -> NODES.arrayNode();
    };
  }
}
