package dev.headrace.worker.model.torchscript;

import dev.headrace.worker.model.weights.ElementType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes the few opcodes of pickle protocol 2 that TorchScript's unpickler reads ({@code
 * torch/csrc/jit/serialization/unpickler.cpp}; opcodes: Python's {@code pickletools}).
 */
final class Pickler {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  Pickler() {
    out.write(0x80);
    out.write(2);
  }

  byte[] finish() {
    out.write('.');
    return out.toByteArray();
  }

  void global(String module, String name) {
    out.write('c');
    out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
  }

  void emptyTuple() {
    out.write(')');
  }

  void emptyDict() {
    out.write('}');
  }

  void mark() {
    out.write('(');
  }

  /** The values since the mark, as a tuple. */
  void tuple() {
    out.write('t');
  }

  /** Puts the pairs since the mark into the dict before it. */
  void setItems() {
    out.write('u');
  }

  /** {@code cls(*args)} without calling {@code __init__}. */
  void newObject() {
    out.write(0x81);
  }

  /** Hands the state on top to the object before it. */
  void build() {
    out.write('b');
  }

  void string(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    out.write('X');
    out.writeBytes(little(4).putInt(bytes.length).array());
    out.writeBytes(bytes);
  }

  void integer(long value) {
    if (value >= 0 && value <= 0xff) {
      out.write('K');
      out.write((int) value);
    } else if (value == (int) value) {
      out.write('J');
      out.writeBytes(little(4).putInt((int) value).array());
    } else {
      out.write(0x8a);
      out.write(8);
      out.writeBytes(little(8).putLong(value).array());
    }
  }

  /** A contiguous tensor over storage {@code key}, whose bytes are the entry {@code data/<key>}. */
  void tensor(ElementType type, String key, long[] shape) {
    long elements = 1;
    for (long size : shape) {
      elements *= size;
    }
    global("torch._utils", "_rebuild_tensor_v2");
    mark();
    mark();
    string("storage");
    global("torch", storage(type));
    string(key);
    string("cpu");
    integer(elements);
    tuple();
    out.write('Q'); // persistent id
    integer(0);
    integers(shape);
    integers(strides(shape));
    out.write(0x89); // requires_grad: False
    global("collections", "OrderedDict");
    emptyTuple();
    out.write('R'); // no backward hooks
    tuple();
    out.write('R');
  }

  private void integers(long[] values) {
    mark();
    for (long value : values) {
      integer(value);
    }
    tuple();
  }

  private static long[] strides(long[] shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strides;
  }

  private static String storage(ElementType type) {
    return switch (type) {
      case FLOAT32 -> "FloatStorage";
      case FLOAT16 -> "HalfStorage";
      case BFLOAT16 -> "BFloat16Storage";
      case INT8 -> "CharStorage";
      case UINT8 -> "ByteStorage";
      case INT32 -> "IntStorage";
      case INT64 -> "LongStorage";
      case BOOL -> "BoolStorage";
    };
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
