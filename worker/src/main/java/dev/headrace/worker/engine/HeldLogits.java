package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.Logits;

/** Logits that hold memory until the session's next step. */
interface HeldLogits extends Logits, AutoCloseable {
  @Override
  void close();
}
