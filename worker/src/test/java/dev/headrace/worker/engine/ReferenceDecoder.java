package dev.headrace.worker.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headrace.worker.model.ModelFiles;
import dev.headrace.worker.model.decoder.DecoderConfig;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.decoder.Decoders;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.safetensors.SafetensorsFile;
import dev.headrace.worker.model.safetensors.SafetensorsWeights;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A tiny decoder with random weights and the logits that transformers gives for it: {@code
 * reference/decoders}, made by {@code make_decoder_references.py}.
 *
 * @param json the case, as that script describes it
 */
record ReferenceDecoder(String model, Path folder, JsonNode json) {
  static final List<String> MODELS =
      List.of("llama", "llama-biased", "smollm2", "mistral", "qwen2", "qwen3", "phi3", "gpt2");

  /** A text and what is expected after some of its tokens. */
  record Text(int prompt, int[] ids, int[] positions, float[][] logits) {}

  static List<ReferenceDecoder> all() {
    List<ReferenceDecoder> cases = new ArrayList<>();
    MODELS.forEach(model -> cases.addAll(of(model)));
    return cases;
  }

  static List<ReferenceDecoder> of(String model) {
    try {
      String resource = "/reference/decoders/" + model + "/cases.json";
      Path folder = Path.of(ReferenceDecoder.class.getResource(resource).toURI()).getParent();
      List<ReferenceDecoder> cases = new ArrayList<>();
      for (JsonNode json :
          new ObjectMapper().readTree(folder.resolve("cases.json").toFile()).get("cases")) {
        cases.add(new ReferenceDecoder(model, folder, json));
      }
      return cases;
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException(model, e);
    }
  }

  DecoderModel description() throws IOException {
    int longest = json.get("longest").intValue();
    return description(longest);
  }

  DecoderModel description(int maxTokens) throws IOException {
    HfConfig config = HfConfig.read(folder.resolve(json.get("config").textValue()));
    DecoderConfig shape = Decoders.shape(config, json.get("longest").intValue());
    return new DecoderModel(model, "0", shape, maxTokens, new Files(folder));
  }

  List<Text> texts() throws IOException {
    SafetensorsFile expected = SafetensorsFile.map(folder.resolve("expected.safetensors"));
    List<Text> texts = new ArrayList<>();
    for (JsonNode sequence : json.get("sequences")) {
      int[] positions = ints(sequence.get("positions"));
      float[] all = expected.find(sequence.get("tensor").textValue()).orElseThrow().toFloats();
      int width = all.length / positions.length;
      float[][] logits = new float[positions.length][width];
      for (int i = 0; i < positions.length; i++) {
        System.arraycopy(all, i * width, logits[i], 0, width);
      }
      texts.add(
          new Text(
              sequence.get("prompt").intValue(), ints(sequence.get("ids")), positions, logits));
    }
    return texts;
  }

  private static int[] ints(JsonNode list) {
    int[] values = new int[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).intValue();
    }
    return values;
  }

  @Override
  public String toString() {
    return model + " " + json.get("name").textValue();
  }

  private record Files(Path folder) implements ModelFiles {
    @Override
    public WeightSource openWeights() throws IOException {
      return SafetensorsWeights.open(folder);
    }

    @Override
    public String tokenizerJson() {
      throw new UnsupportedOperationException("no tokenizer");
    }
  }
}
