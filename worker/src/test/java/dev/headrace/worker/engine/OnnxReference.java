package dev.headrace.worker.engine;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Map;

/** all-minilm-l6-v2 on ONNX Runtime, one text at a time: what our embeddings must equal. */
final class OnnxReference implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  OnnxReference() throws OrtException, IOException {
    try (InputStream in = OnnxReference.class.getResourceAsStream("/all-minilm-l6-v2.onnx");
        OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(2);
      session = environment.createSession(in.readAllBytes(), options);
    }
  }

  /** The mean over the tokens, scaled to length 1. */
  float[] embed(int[] ids) throws OrtException {
    long[][] tokens = {Arrays.stream(ids).asLongStream().toArray()};
    long[][] mask = {new long[ids.length]};
    Arrays.fill(mask[0], 1);
    try (OnnxTensor input = OnnxTensor.createTensor(environment, tokens);
        OnnxTensor attention = OnnxTensor.createTensor(environment, mask);
        OnnxTensor types =
            OnnxTensor.createTensor(environment, new long[][] {new long[ids.length]});
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", input, "attention_mask", attention, "token_type_ids", types))) {
      return normalised(mean(((float[][][]) result.get(0).getValue())[0]));
    }
  }

  private static float[] mean(float[][] hidden) {
    float[] sum = new float[hidden[0].length];
    for (float[] token : hidden) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += token[i] / hidden.length;
      }
    }
    return sum;
  }

  private static float[] normalised(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += value * value;
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= (float) Math.sqrt(squares);
    }
    return vector;
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
