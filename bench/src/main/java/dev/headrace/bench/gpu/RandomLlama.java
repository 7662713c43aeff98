package dev.headrace.bench.gpu;

import dev.headrace.worker.model.ModelFiles;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.decoder.Decoders;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.weights.ElementType;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * A decoder of Llama's family in the shape of a known one, with random weights. They are made while
 * they are written, so that no memory holds them: a model of 16 GB needs none.
 *
 * @param name for figures: letters, digits and {@code _}
 */
record RandomLlama(
    String name,
    int hidden,
    int layers,
    int heads,
    int kvHeads,
    int inner,
    int words,
    boolean tied) {
  static final RandomLlama SMOLLM2_135M =
      new RandomLlama("smollm2_135m", 576, 30, 9, 3, 1536, 49_152, true);
  static final RandomLlama LLAMA32_1B =
      new RandomLlama("llama32_1b", 2048, 16, 32, 8, 8192, 128_256, true);
  static final RandomLlama LLAMA31_8B =
      new RandomLlama("llama31_8b", 4096, 32, 32, 8, 14_336, 128_256, false);

  /** Positions of the benchmark's models (chosen: longer than any of its texts). */
  private static final int POSITIONS = 8192;

  /** What Llama's training starts from. */
  private static final float SPREAD = 0.02f;

  private static final float[] VALUES = values();

  private static float[] values() {
    Random random = new Random(5);
    float[] values = new float[1 << 20];
    for (int i = 0; i < values.length; i++) {
      float value = (float) random.nextGaussian() * SPREAD;
      // As bf16 has it, so that all precisions run the same model.
      values[i] = Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
    }
    return values;
  }

  int headSize() {
    return hidden / heads;
  }

  DecoderModel describe() throws IOException {
    HfConfig config = HfConfig.parse(name, json().getBytes(StandardCharsets.UTF_8));
    return new DecoderModel(name, "0", Decoders.shape(config, POSITIONS), POSITIONS, files());
  }

  /** What transformers takes, too. */
  String json() {
    return """
        {"model_type": "llama", "vocab_size": %d, "hidden_size": %d, "num_hidden_layers": %d, \
        "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d, \
        "intermediate_size": %d, "max_position_embeddings": %d, "rms_norm_eps": 1e-5, \
        "rope_theta": 500000.0, "hidden_act": "silu", "tie_word_embeddings": %s}"""
        .formatted(words, hidden, layers, heads, kvHeads, headSize(), inner, POSITIONS, tied);
  }

  /** Bytes of weights that a step reads in half precision: all but the embeddings' rows. */
  double weightBytes() {
    double attention = 2.0 * hidden * headSize() * (heads + kvHeads);
    return 2 * (layers * (attention + 3.0 * hidden * inner) + (double) words * hidden);
  }

  /** Bytes of keys and values of a token in half precision. */
  double kvBytes() {
    return 2.0 * 2 * layers * kvHeads * headSize();
  }

  private Map<String, long[]> shapes() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("model.embed_tokens.weight", new long[] {words, hidden});
    for (int i = 0; i < layers; i++) {
      String layer = "model.layers." + i + ".";
      shapes.put(layer + "input_layernorm.weight", new long[] {hidden});
      shapes.put(layer + "post_attention_layernorm.weight", new long[] {hidden});
      long keys = (long) kvHeads * headSize();
      shapes.put(layer + "self_attn.q_proj.weight", new long[] {hidden, hidden});
      shapes.put(layer + "self_attn.k_proj.weight", new long[] {keys, hidden});
      shapes.put(layer + "self_attn.v_proj.weight", new long[] {keys, hidden});
      shapes.put(layer + "self_attn.o_proj.weight", new long[] {hidden, hidden});
      shapes.put(layer + "mlp.gate_proj.weight", new long[] {inner, hidden});
      shapes.put(layer + "mlp.up_proj.weight", new long[] {inner, hidden});
      shapes.put(layer + "mlp.down_proj.weight", new long[] {hidden, inner});
    }
    shapes.put("model.norm.weight", new long[] {hidden});
    shapes.put("lm_head.weight", new long[] {words, hidden});
    return shapes;
  }

  private ModelFiles files() {
    Map<String, long[]> shapes = shapes();
    return new ModelFiles() {
      @Override
      public WeightSource openWeights() {
        return new WeightSource() {
          @Override
          public Set<String> names() {
            return shapes.keySet();
          }

          @Override
          public Optional<Tensor> find(String name) {
            return Optional.ofNullable(shapes.get(name))
                .map(shape -> new Drawn(name.hashCode(), shape));
          }

          @Override
          public void close() {}
        };
      }

      @Override
      public String tokenizerJson() {
        throw new UnsupportedOperationException("random weights have no tokenizer");
      }
    };
  }

  /** Values drawn once and read again from another place for each tensor; norms are ones. */
  private static final class Drawn extends Tensor {
    private static final int MASK = VALUES.length - 1;
    private final int place;

    Drawn(int seed, long... shape) {
      super(ElementType.BFLOAT16, shape);
      this.place = new Random(seed).nextInt(VALUES.length);
    }

    @Override
    public void readFloats(long from, float[] into, int at, int length) {
      for (int i = 0; i < length; i++) {
        into[at + i] = rank() == 1 ? 1 : VALUES[(int) (from + i + place) & MASK];
      }
    }

    @Override
    public void writeTo(WritableByteChannel out) throws IOException {
      ByteBuffer bytes =
          ByteBuffer.allocateDirect(2 * VALUES.length).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < VALUES.length; i++) {
        float value = rank() == 1 ? 1 : VALUES[(i + place) & MASK];
        bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
      }
      for (long left = byteSize(); left > 0; left -= bytes.capacity()) {
        bytes.clear().limit((int) Math.min(left, bytes.capacity()));
        out.write(bytes);
      }
    }
  }
}
