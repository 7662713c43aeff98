package dev.headrace.worker.model.weights;

import java.nio.ByteBuffer;

/**
 * Conversions between float32 and the narrower floats. JDK 17 has none for binary16 ({@code
 * Float.floatToFloat16} came with 20). Narrowing rounds to nearest, ties to even (IEEE 754-2019,
 * 4.3.1), as PyTorch does.
 */
public final class FloatBits {
  private FloatBits() {}

  static float bfloat16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  static short floatToBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  public static float float16ToFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >>> 10) & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) {
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int wide = exponent == 0x1f ? 0xff : exponent - 15 + 127;
    return Float.intBitsToFloat(sign | (wide << 23) | (fraction << 13));
  }

  static short floatToFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7e00 | ((bits >>> 13) & 0x3ff));
    }
    if (magnitude >= 65520f) {
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x1p-14f) {
      // Subnormal: a multiple of 2^-24; rint rounds ties to even.
      return (short) (sign | (int) Math.rint(magnitude * 0x1p24f));
    }
    int shifted = (bits & 0x7fffffff) - ((127 - 15) << 23);
    return (short) (sign | ((shifted + 0xfff + ((shifted >>> 13) & 1)) >>> 13));
  }

  /** Reads {@code length} elements of {@code type} from the buffer. */
  static void decode(ElementType type, ByteBuffer from, float[] into, int at, int length) {
    switch (type) {
      case FLOAT32 -> from.asFloatBuffer().get(into, at, length);
      case FLOAT16 -> {
        for (int i = 0; i < length; i++) {
          into[at + i] = float16ToFloat(from.getShort());
        }
      }
      case BFLOAT16 -> {
        for (int i = 0; i < length; i++) {
          into[at + i] = bfloat16ToFloat(from.getShort());
        }
      }
      default -> throw new IllegalArgumentException("type: " + type + " (expected: a float type)");
    }
  }

  /** Appends {@code length} elements as {@code type} to the buffer. */
  static void encode(ElementType type, float[] from, int length, ByteBuffer into) {
    switch (type) {
      case FLOAT32 -> {
        into.asFloatBuffer().put(from, 0, length);
        into.position(into.position() + length * Float.BYTES);
      }
      case FLOAT16 -> {
        for (int i = 0; i < length; i++) {
          into.putShort(floatToFloat16(from[i]));
        }
      }
      case BFLOAT16 -> {
        for (int i = 0; i < length; i++) {
          into.putShort(floatToBfloat16(from[i]));
        }
      }
      default -> throw new IllegalArgumentException("type: " + type + " (expected: a float type)");
    }
  }
}
