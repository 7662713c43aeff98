package dev.headrace.worker.model.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes small ONNX files. */
final class OnnxFile {
  private final ByteArrayOutputStream graph = new ByteArrayOutputStream();

  OnnxFile node(String type, String left, String right, String output) {
    ByteArrayOutputStream node = new ByteArrayOutputStream();
    bytes(node, 1, utf8(left));
    bytes(node, 1, utf8(right));
    bytes(node, 2, utf8(output));
    bytes(node, 4, utf8(type));
    bytes(graph, 1, node.toByteArray());
    return this;
  }

  OnnxFile floats(String name, float[] values, long... shape) {
    ByteBuffer data = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(values);
    return tensor(name, 1, data.array(), shape);
  }

  OnnxFile tensor(String name, int type, byte[] data, long... shape) {
    ByteArrayOutputStream tensor = new ByteArrayOutputStream();
    for (long size : shape) {
      number(tensor, 1, size);
    }
    number(tensor, 2, type);
    bytes(tensor, 8, utf8(name));
    bytes(tensor, 9, data);
    return initialiser(tensor.toByteArray());
  }

  OnnxFile initialiser(byte[] tensor) {
    bytes(graph, 5, tensor);
    return this;
  }

  byte[] bytes() {
    ByteArrayOutputStream model = new ByteArrayOutputStream();
    number(model, 1, 7);
    bytes(model, 2, utf8("test"));
    bytes(model, 7, graph.toByteArray());
    return model.toByteArray();
  }

  ByteRegion region() {
    return ByteRegion.of("test.onnx", ByteBuffer.wrap(bytes()));
  }

  static void number(ByteArrayOutputStream out, int field, long value) {
    varint(out, (long) field << 3);
    varint(out, value);
  }

  static void bytes(ByteArrayOutputStream out, int field, byte[] value) {
    varint(out, (long) field << 3 | 2);
    varint(out, value.length);
    out.writeBytes(value);
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
