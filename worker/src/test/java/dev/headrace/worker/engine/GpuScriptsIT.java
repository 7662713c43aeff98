package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import dev.headrace.worker.engine.Grouping.Group;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.decoder.PackedDecoderEmitter;
import dev.headrace.worker.model.encoder.EncoderEmitter;
import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.torchscript.TorchScriptArchive;
import dev.headrace.worker.model.weights.WeightSource;
import dev.headrace.worker.text.TokenizedText;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is emitted for GPUs, as far as a machine without one can tell. */
class GpuScriptsIT {
  private static final String[] NO_FILES = {};

  @TempDir Path folder;

  /** libtorch checks every operation's name and arguments when it loads. */
  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
  void a_gpu_model_is_valid_torchscript(Precision precision) throws Exception {
    try (PtNDManager manager = (PtNDManager) TorchRuntime.start().newBaseManager()) {
      PtSymbolBlock block = load(manager, TinyModel.describe(), precision);
      block.close();
    }
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void a_decoder_for_a_gpu_is_valid_torchscript(ReferenceDecoder reference, Precision precision)
      throws Exception {
    DecoderModel model = reference.description();
    Path file = folder.resolve("decoder.pt");
    try (WeightSource weights = model.files().openWeights();
        PtNDManager manager = (PtNDManager) TorchRuntime.start().newBaseManager()) {
      Target target = new Target(precision, false, Set.of());
      TorchScriptArchive.write(PackedDecoderEmitter.model(model.config(), weights, target), file);
      JniUtils.loadModule(manager, file, true, NO_FILES, NO_FILES, false).close();
    }
  }

  static Stream<Arguments> decoders() {
    return ReferenceDecoder.MODELS.stream()
        .map(name -> ReferenceDecoder.of(name).get(0))
        .flatMap(
            r -> Stream.of(Precision.FLOAT16, Precision.BFLOAT16).map(p -> Arguments.of(r, p)));
  }

  @Test
  void a_staged_model_gives_what_the_plain_one_gives() throws Exception {
    ModelDescription model = TinyModel.describe();
    List<TokenizedText> texts = TinyModel.texts(new Random(3), 9, 20);
    EncodedBatch expected;
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
        EncoderSession session = engine.load(model, Precision.FLOAT32)) {
      expected = session.run(texts);
    }
    try (PtNDManager manager = (PtNDManager) TorchRuntime.start().newBaseManager()) {
      PtSymbolBlock block = load(manager, model, Precision.FLOAT32);
      float[] values = run(manager, block, texts, model.dimension());
      block.close();
      for (int row = 0; row < texts.size(); row++) {
        float[] wanted = expected.row(row);
        for (int i = 0; i < wanted.length; i++) {
          assertThat(values[row * wanted.length + i]).isCloseTo(wanted[i], within(1e-5f));
        }
      }
    }
  }

  private PtSymbolBlock load(PtNDManager manager, ModelDescription model, Precision precision)
      throws Exception {
    Path file = folder.resolve(precision.label() + ".pt");
    Target target = new Target(precision, false, Set.of());
    try (WeightSource weights = model.files().openWeights()) {
      ScriptObject script = EncoderEmitter.staged(model.config(), weights, target, model.head());
      TorchScriptArchive.write(script, file);
    }
    return JniUtils.loadModule(manager, file, true, NO_FILES, NO_FILES, false);
  }

  private static float[] run(
      PtNDManager manager, PtSymbolBlock block, List<TokenizedText> texts, int dimension) {
    int longest = texts.stream().mapToInt(TokenizedText::tokens).max().orElseThrow();
    Group group = new Group(IntStream.range(0, texts.size()).boxed().toList(), longest);
    ByteBuffer data = direct(CudaLayout.ints(group));
    CudaLayout layout = CudaLayout.fill(data.asIntBuffer(), texts, group);
    data.limit(layout.used() * Integer.BYTES);
    ByteBuffer out = direct(texts.size() * dimension);
    try (PtNDManager batch = (PtNDManager) manager.newSubManager()) {
      IValue[] inputs = {
        IValue.from(batch.create(data, new Shape(layout.used()), DataType.INT32)),
        IValue.from(
            batch.create(out, new Shape(texts.size() * (long) dimension), DataType.FLOAT32)),
        IValue.from((long) layout.rows()),
        IValue.from((long) layout.tokens()),
        IValue.from((long) layout.packed()),
        IValue.from(layout.typed())
      };
      block.forward(inputs).close();
    }
    float[] values = new float[texts.size() * dimension];
    out.asFloatBuffer().get(values);
    return values;
  }

  private static ByteBuffer direct(int elements) {
    return ByteBuffer.allocateDirect(elements * Integer.BYTES).order(ByteOrder.nativeOrder());
  }
}
