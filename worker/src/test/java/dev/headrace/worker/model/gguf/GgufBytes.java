package dev.headrace.worker.model.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes small GGUF files. */
public final class GgufBytes {
  private final ByteArrayOutputStream keys = new ByteArrayOutputStream();
  private final ByteArrayOutputStream tensors = new ByteArrayOutputStream();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();
  private int keyCount;
  private int tensorCount;

  private static void put(ByteArrayOutputStream out, int bytes, long value) {
    ByteBuffer buffer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    out.write(buffer.array(), 0, bytes);
  }

  private static void text(ByteArrayOutputStream out, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    put(out, 8, utf8.length);
    out.writeBytes(utf8);
  }

  private void key(String key, int kind) {
    keyCount++;
    text(keys, key);
    put(keys, 4, kind);
  }

  public GgufBytes text(String key, String value) {
    key(key, 8);
    text(keys, value);
    return this;
  }

  public GgufBytes integer(String key, int value) {
    key(key, 4);
    put(keys, 4, value);
    return this;
  }

  public GgufBytes number(String key, float value) {
    key(key, 6);
    put(keys, 4, Float.floatToIntBits(value));
    return this;
  }

  public GgufBytes texts(String key, String... values) {
    key(key, 9);
    put(keys, 4, 8);
    put(keys, 8, values.length);
    for (String value : values) {
      text(keys, value);
    }
    return this;
  }

  public GgufBytes integers(String key, int... values) {
    key(key, 9);
    put(keys, 4, 5);
    put(keys, 8, values.length);
    for (int value : values) {
      put(keys, 4, value);
    }
    return this;
  }

  /** Sizes in the order of Hugging Face, the slowest first. */
  public GgufBytes tensor(String name, int type, byte[] bytes, long... sizes) {
    tensorCount++;
    text(tensors, name);
    put(tensors, 4, sizes.length);
    for (int i = sizes.length - 1; i >= 0; i--) {
      put(tensors, 8, sizes[i]);
    }
    put(tensors, 4, type);
    put(tensors, 8, data.size());
    data.writeBytes(bytes);
    while (data.size() % 32 != 0) {
      data.write(0);
    }
    return this;
  }

  public byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    put(out, 4, 3);
    put(out, 8, tensorCount);
    put(out, 8, keyCount);
    out.writeBytes(keys.toByteArray());
    out.writeBytes(tensors.toByteArray());
    while (out.size() % 32 != 0) {
      out.write(0);
    }
    out.writeBytes(data.toByteArray());
    return out.toByteArray();
  }

  /** A tiny Llama's header, with a tokenizer of byte pairs. */
  public static byte[] small() {
    return new GgufBytes()
        .text("general.architecture", "llama")
        .integer("llama.embedding_length", 8)
        .integer("llama.block_count", 1)
        .integer("llama.attention.head_count", 2)
        .integer("llama.feed_forward_length", 8)
        .integer("llama.context_length", 32)
        .number("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", "smollm")
        .texts("tokenizer.ggml.tokens", "<s>", "a", "b", "ab", "\u0120")
        .integers("tokenizer.ggml.token_type", 3, 1, 1, 1, 1)
        .texts("tokenizer.ggml.merges", "a b")
        .integer("tokenizer.ggml.bos_token_id", 0)
        .tensor("token_embd.weight", 0, new byte[5 * 8 * 4], 5, 8)
        .tensor("blk.0.attn_q.weight", 2, new byte[8 * 18], 8, 32)
        .bytes();
  }
}
