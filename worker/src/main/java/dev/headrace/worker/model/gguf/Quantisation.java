package dev.headrace.worker.model.gguf;

import dev.headrace.worker.model.weights.FloatBits;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How the elements of a tensor are stored: in blocks of so many elements and bytes (ggml's {@code
 * ggml-common.h}; the arithmetic is that of {@code ggml-quants.c}, dequantize_row).
 */
enum Quantisation {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q8_0(8, 32, 34),
  Q4_K(12, 256, 144),
  Q6_K(14, 256, 210),
  BF16(30, 1, 2);

  private final int id;
  private final int elements;
  private final int bytes;

  Quantisation(int id, int elements, int bytes) {
    this.id = id;
    this.elements = elements;
    this.bytes = bytes;
  }

  static @Nullable Quantisation ofId(int id) {
    for (Quantisation quantisation : values()) {
      if (quantisation.id == id) {
        return quantisation;
      }
    }
    return null;
  }

  /** Elements of a block. */
  int elements() {
    return elements;
  }

  /** Bytes of a block. */
  int bytes() {
    return bytes;
  }

  /** Reads one block, at {@code at}, to {@code into[0..elements]}. */
  void read(ByteBuffer from, int at, float[] into) {
    switch (this) {
      case Q4_0 -> {
        float scale = half(from, at);
        for (int i = 0; i < 16; i++) {
          int pair = from.get(at + 2 + i);
          into[i] = ((pair & 15) - 8) * scale;
          into[i + 16] = ((pair >> 4 & 15) - 8) * scale;
        }
      }
      case Q4_1 -> {
        float scale = half(from, at);
        float least = half(from, at + 2);
        for (int i = 0; i < 16; i++) {
          int pair = from.get(at + 4 + i);
          into[i] = (pair & 15) * scale + least;
          into[i + 16] = (pair >> 4 & 15) * scale + least;
        }
      }
      case Q8_0 -> {
        float scale = half(from, at);
        for (int i = 0; i < 32; i++) {
          into[i] = from.get(at + 2 + i) * scale;
        }
      }
      case Q4_K -> q4k(from, at, into);
      case Q6_K -> q6k(from, at, into);
      case F32, F16, BF16 -> throw new IllegalStateException(this + " has no blocks");
    }
  }

  private static float half(ByteBuffer from, int at) {
    return FloatBits.float16ToFloat(from.getShort(at));
  }

  /** Eight groups of 32, each with a scale and a least value of six bits. */
  private static void q4k(ByteBuffer from, int at, float[] into) {
    float scale = half(from, at);
    float least = half(from, at + 2);
    int scales = at + 4;
    int values = at + 16;
    for (int group = 0; group < 8; group++) {
      int six;
      int low;
      if (group < 4) {
        six = from.get(scales + group) & 63;
        low = from.get(scales + group + 4) & 63;
      } else {
        int both = from.get(scales + group + 4);
        six = (both & 15) | (from.get(scales + group - 4) >> 6 & 3) << 4;
        low = (both >> 4 & 15) | (from.get(scales + group) >> 6 & 3) << 4;
      }
      float d = scale * six;
      float m = least * low;
      int shift = group % 2 * 4;
      for (int i = 0; i < 32; i++) {
        into[group * 32 + i] = d * (from.get(values + group / 2 * 32 + i) >> shift & 15) - m;
      }
    }
  }

  /** Sixteen groups of 16, each with a scale; four low bits here, two high bits there. */
  private static void q6k(ByteBuffer from, int at, float[] into) {
    float scale = half(from, at + 208);
    for (int part = 0; part < 2; part++) {
      int low = at + part * 64;
      int high = at + 128 + part * 32;
      int scales = at + 192 + part * 8;
      for (int i = 0; i < 32; i++) {
        int bits = from.get(high + i);
        for (int quarter = 0; quarter < 4; quarter++) {
          int four = (from.get(low + i + quarter % 2 * 32) >> (quarter / 2 * 4)) & 15;
          int q = (four | (((bits >> (quarter * 2)) & 3) << 4)) - 32;
          into[part * 128 + quarter * 32 + i] = scale * from.get(scales + i / 16 + quarter * 2) * q;
        }
      }
    }
  }
}
