package dev.headrace.worker.generate;

import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.encode.BrokenModels;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.encode.ModelMemory;
import dev.headrace.worker.engine.KvPlan;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.generate.GenerationEngine.Served;
import dev.headrace.worker.generate.schedule.Scheduler;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.gguf.GgufModel;
import dev.headrace.worker.model.store.DecoderFolders;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.text.PromptTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** Finds and opens models that generate text. */
public final class GenerationLoader {
  /**
   * What may be handed over beyond the memory, for few texts become as long as they may (chosen:
   * the scheduler takes memory back from the last if it must).
   */
  private static final long OVERCOMMIT = 2;

  /** Of what is free on a GPU; the rest is for steps and what is recorded (as vLLM has it). */
  private static final double KV_SHARE = 0.9;

  /** For what a model's steps or batches take besides (chosen: as admission counts it). */
  private static final long WORK_BYTES = 512L << 20;

  private GenerationLoader() {}

  /** What of a GPU the models before and beside one leave it. */
  private record Room(double share, long reserved) {}

  /** Those of the configured models that generate text. */
  public static List<String> models(EngineConfig config) throws IOException {
    List<String> names = new ArrayList<>();
    if (!config.folder().isEmpty()) {
      for (String name : config.models()) {
        if (isDecoder(Path.of(config.folder()).resolve(name))) {
          names.add(name);
        }
      }
    }
    return names;
  }

  /** A folder that cannot be read is none; who looks for encoders says what is wrong with it. */
  private static boolean isDecoder(Path folder) throws IOException {
    try {
      return DecoderFolders.isDecoder(folder);
    } catch (MalformedModelException e) {
      return false;
    }
  }

  /** Opens an engine with those of the models that can be served, on the calling thread. */
  public static GenerationEngine open(
      List<String> names, EngineConfig config, GenerationConfig generation, LongSupplier nanos) {
    return open(names, config, generation, 0, nanos);
  }

  /**
   * The same beside others on the device.
   *
   * @param reserved bytes of the device that are for others
   */
  public static GenerationEngine open(
      List<String> names,
      EngineConfig config,
      GenerationConfig given,
      long reserved,
      LongSupplier nanos) {
    GenerationConfig generation = given.on(config.onGpu());
    TorchEngine torch = config.open();
    List<Served> served = new ArrayList<>();
    BrokenModels broken = new BrokenModels();
    try {
      for (int i = 0; i < names.size(); i++) {
        List<String> later = names.subList(i + 1, names.size());
        Path folder = folder(config, names.get(i));
        broken.tried(
            names.get(i),
            () -> {
              Room room = new Room(KV_SHARE / (later.size() + 1), reserved + bytes(later, config));
              served.add(load(folder, torch, config, generation, room, nanos));
            });
      }
      return new GenerationEngine(served, broken.list(), torch, new SecureRandom().nextLong());
    } catch (RuntimeException e) {
      served.forEach(s -> s.model().tokenizer().close());
      torch.close();
      throw e;
    }
  }

  private static Path folder(EngineConfig config, String model) {
    return Path.of(config.folder()).resolve(model);
  }

  /** What the weights of models take that are loaded later; a broken one takes nothing. */
  private static long bytes(List<String> models, EngineConfig config) {
    BrokenModels passedOver = new BrokenModels();
    long[] bytes = {0};
    for (String model : models) {
      passedOver.tried(
          model,
          () ->
              bytes[0] +=
                  WORK_BYTES
                      + ModelMemory.bytes(
                          DecoderFolders.describe(folder(config, model), 2).files(),
                          config.precision()));
    }
    return bytes[0];
  }

  /** Twice the memory of all its texts at their longest, for beginnings are kept, too. */
  static KvPlan plan(
      DecoderModel model,
      Precision precision,
      GenerationConfig generation,
      double share,
      long reserved) {
    if (generation.kvBytes() > 0) {
      return new KvPlan(generation.kvBytes());
    }
    long width = precision == Precision.FLOAT16 || precision == Precision.BFLOAT16 ? 2 : 4;
    long tokens = OVERCOMMIT * generation.texts() * model.maxTokens();
    return new KvPlan(tokens * model.config().kvElements() * width, share, reserved + WORK_BYTES);
  }

  private static Served load(
      Path folder,
      TorchEngine torch,
      EngineConfig config,
      GenerationConfig generation,
      Room room,
      LongSupplier nanos)
      throws IOException {
    DecoderModel model = DecoderFolders.describe(folder, generation.context());
    ChatFiles chat = chat(folder, model, InstantSource.system());
    PromptTokenizer tokenizer = PromptTokenizer.open(model.name(), model.files().tokenizerJson());
    try {
      DecoderSession session =
          torch.load(
              model,
              config.precision(),
              plan(model, config.precision(), generation, room.share(), room.reserved()));
      GenerationModel served =
          new GenerationModel(
              model.name(),
              model.revision(),
              tokenizer,
              chat,
              session.shape().vocabulary(),
              context(model, session),
              concurrency(session, generation));
      return new Served(served, new Scheduler(session, generation.limits(), nanos));
    } catch (IOException | RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  private static ChatFiles chat(Path folder, DecoderModel model, InstantSource clock)
      throws IOException {
    return model.files() instanceof GgufModel gguf
        ? GgufChatFiles.read(model.name(), gguf, clock)
        : HfChatFiles.read(folder, clock);
  }

  /** A text that fits the context fits the memory too. */
  private static int context(DecoderModel model, DecoderSession session) {
    return (int)
        Math.min(Math.min(model.maxTokens(), session.shape().maxPositions()), tokens(session));
  }

  private static long tokens(DecoderSession session) {
    KvMemory memory = session.memory();
    return (long) memory.totalBlocks() * memory.blockTokens();
  }

  private static Concurrency concurrency(DecoderSession session, GenerationConfig generation) {
    return new Concurrency(generation.texts(), OVERCOMMIT * tokens(session));
  }
}
