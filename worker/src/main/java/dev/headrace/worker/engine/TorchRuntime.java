package dev.headrace.worker.engine;

import ai.djl.engine.Engine;
import ai.djl.pytorch.engine.PtEngine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts DJL's PyTorch engine so that it reaches no network: libtorch comes from the class path and
 * is unpacked once into DJL's cache ({@code ~/.djl.ai}, or the folder that {@code DJL_CACHE_DIR}
 * names as environment variable or system property).
 */
final class TorchRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(TorchRuntime.class);

  private TorchRuntime() {}

  /** The engine; the first call takes seconds, on a fresh machine some more. */
  static Engine start() {
    TorchLibraries.Found found = TorchLibraries.prepare();
    if (found.cuda()) {
      LOG.debug("using {}", found);
    }
    setIfAbsent("ai.djl.offline", "true");
    setIfAbsent("OPT_OUT_TRACKING", "true");
    // One batch at a time per engine: threads between operations would only take cores from others.
    setIfAbsent("ai.djl.pytorch.num_interop_threads", "1");
    return Engine.getEngine(PtEngine.ENGINE_NAME);
  }

  private static void setIfAbsent(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }
}
