package dev.headrace.bench.model;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.headrace.worker.text.TokenizedText;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.List;
import java.util.Map;

/**
 * all-minilm-l6-v2 on ONNX Runtime, with its default settings and optimisations; the mean over the
 * tokens is made here, without a copy of what the session returns.
 */
final class OrtEncoder implements Encoder {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  private OrtEncoder(byte[] model, int threads) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      session = environment.createSession(model, options);
    }
  }

  /**
   * Opens a file of the class path.
   *
   * @param threads the calling one among them
   */
  static OrtEncoder open(String resource, int threads) throws IOException {
    try (InputStream in = OrtEncoder.class.getResourceAsStream("/" + resource)) {
      if (in == null) {
        throw new FileNotFoundException(resource + " is not on the class path");
      }
      return new OrtEncoder(in.readAllBytes(), threads);
    } catch (OrtException e) {
      throw new IOException(resource + ": " + e.getMessage(), e);
    }
  }

  @Override
  public float[][] encode(List<TokenizedText> texts) {
    int rows = texts.size();
    int tokens = texts.stream().mapToInt(TokenizedText::tokens).max().orElseThrow();
    LongBuffer ids = longs(rows * tokens);
    LongBuffer mask = longs(rows * tokens);
    for (int row = 0; row < rows; row++) {
      int[] own = texts.get(row).ids();
      for (int i = 0; i < own.length; i++) {
        ids.put(row * tokens + i, own[i]);
        mask.put(row * tokens + i, 1);
      }
    }
    long[] shape = {rows, tokens};
    try (OnnxTensor input = OnnxTensor.createTensor(environment, ids, shape);
        OnnxTensor attention = OnnxTensor.createTensor(environment, mask, shape);
        OnnxTensor types = OnnxTensor.createTensor(environment, longs(rows * tokens), shape);
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", input, "attention_mask", attention, "token_type_ids", types))) {
      return pooled(((OnnxTensor) result.get(0)).getFloatBuffer(), texts, tokens);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime: " + e.getMessage(), e);
    }
  }

  private static float[][] pooled(FloatBuffer hidden, List<TokenizedText> texts, int tokens) {
    int width = hidden.remaining() / texts.size() / tokens;
    float[][] vectors = new float[texts.size()][width];
    float[] token = new float[width];
    for (int row = 0; row < vectors.length; row++) {
      float[] sum = vectors[row];
      for (int i = 0; i < texts.get(row).tokens(); i++) {
        hidden.get((row * tokens + i) * width, token);
        for (int k = 0; k < width; k++) {
          sum[k] += token[k];
        }
      }
      scale(sum);
    }
    return vectors;
  }

  private static void scale(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    float factor = (float) (1 / Math.sqrt(squares));
    for (int i = 0; i < vector.length; i++) {
      vector[i] *= factor;
    }
  }

  private static LongBuffer longs(int count) {
    return ByteBuffer.allocateDirect(count * Long.BYTES)
        .order(ByteOrder.nativeOrder())
        .asLongBuffer();
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("closing ONNX Runtime: " + e.getMessage(), e);
    }
  }
}
