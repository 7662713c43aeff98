package dev.headrace.worker.model.gguf;

import dev.headrace.worker.model.weights.ByteRegion;
import dev.headrace.worker.model.weights.ElementType;
import dev.headrace.worker.model.weights.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A tensor of quantised blocks that reads as float32. Its rows are whole blocks. */
final class QuantisedTensor extends Tensor {
  /** Chosen: some hundred KB are decoded at a time. */
  private static final int BLOCKS_AT_ONCE = 1024;

  private final ByteRegion region;
  private final long offset;
  private final Quantisation quantisation;

  /** The caller has checked that all blocks lie in the region. */
  QuantisedTensor(ByteRegion region, long offset, Quantisation quantisation, long... shape) {
    super(ElementType.FLOAT32, shape);
    this.region = region;
    this.offset = offset;
    this.quantisation = quantisation;
  }

  @Override
  public void readFloats(long from, float[] into, int at, int length) throws IOException {
    int size = quantisation.elements();
    float[] block = new float[size];
    for (int done = 0; done < length; ) {
      long first = (from + done) / size;
      int count = (int) Math.min(BLOCKS_AT_ONCE, (from + length - 1) / size - first + 1);
      ByteBuffer bytes =
          region.slice(offset + first * quantisation.bytes(), count * quantisation.bytes());
      for (int i = 0; i < count; i++) {
        quantisation.read(bytes, i * quantisation.bytes(), block);
        int skip = (int) (from + done - (first + i) * size);
        int piece = Math.min(length - done, size - skip);
        System.arraycopy(block, skip, into, at + done, piece);
        done += piece;
      }
    }
  }
}
