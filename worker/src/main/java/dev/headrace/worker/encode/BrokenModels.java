package dev.headrace.worker.encode;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.device.BrokenModel;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.engine.EngineException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The models of an engine that cannot be served, for encoders and models that generate text alike:
 * one bad folder is no reason to serve nothing.
 */
public final class BrokenModels {
  private final List<BrokenModel> models = new ArrayList<>();

  /** What is done with a model's files. */
  public interface Step {
    void run() throws IOException;
  }

  /**
   * Runs a step. If the model's files are not what they should be, or the engine refuses them, that
   * is noted.
   *
   * @return whether it was done
   * @throws EngineException FATAL, which is no matter of one model
   * @throws CancellationException when the thread was interrupted: the worker ends, and needs
   *     neither this model nor the next
   */
  public boolean tried(String model, Step step) {
    requireGoingOn(model, null);
    try {
      step.run();
      return true;
    } catch (EngineException e) {
      requireGoingOn(model, e);
      if (e.kind() == EngineException.Kind.FATAL) {
        throw e;
      }
      note(model, e);
    } catch (IOException e) {
      requireGoingOn(model, e);
      note(model, e);
    }
    return false;
  }

  private static void requireGoingOn(String model, @Nullable Exception cause) {
    if (Thread.currentThread().isInterrupted()) {
      CancellationException left = new CancellationException("loading " + model + ": interrupted");
      left.initCause(cause);
      throw left;
    }
  }

  private void note(String model, Exception cause) {
    models.add(
        new BrokenModel(
            model, new Failure(ErrorCode.MODEL_NOT_LOADED, model + ": " + reason(cause))));
  }

  /** Java names a file that is missing, and no more. */
  private static String reason(Exception cause) {
    return cause instanceof NoSuchFileException
        ? cause.getMessage() + ": no such file"
        : String.valueOf(cause.getMessage());
  }

  /** Those noted so far. */
  public List<BrokenModel> list() {
    return List.copyOf(models);
  }

  /**
   * The same engine, if it has anything to serve, now or when it is asked for; else it is closed.
   *
   * @throws FailureException MODEL_NOT_LOADED with what is wrong with each model
   */
  public static Engine servable(Engine engine) {
    boolean offers = engine.loader().map(l -> !l.offers().isEmpty()).orElse(false);
    if (!engine.models().isEmpty() || offers) {
      return engine;
    }
    List<BrokenModel> broken = engine.broken();
    engine.close();
    throw new FailureException(
        ErrorCode.MODEL_NOT_LOADED,
        "worker.models: "
            + broken.stream().map(BrokenModel::name).toList()
            + " (expected: at least one that can be served): "
            + String.join("; ", broken.stream().map(b -> b.failure().message()).toList()));
  }
}
