package dev.headrace.worker.model.decoder;

/** The largest shapes that are believed; chosen, well above what is published. */
final class Limits {
  static final int VOCABULARY = 1 << 22;
  static final int WIDTH = 1 << 17;
  static final int LAYERS = 1 << 10;
  static final int HEADS = 1 << 10;
  static final int HEAD_SIZE = 1 << 10;
  static final int POSITIONS = 1 << 24;

  private Limits() {}
}
