package dev.headrace.worker.engine;

import dev.headrace.worker.cuda.CudaEvent;
import dev.headrace.worker.cuda.PinnedMemory;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.jspecify.annotations.Nullable;

/** Pinned memory for the inputs and outputs of one batch, and the event that ends it. */
final class CudaSlot implements AutoCloseable {
  private static final int LEAST_BYTES = 1 << 16;

  private final CudaEvent event = new CudaEvent();
  private @Nullable PinnedMemory inputs;
  private @Nullable PinnedMemory outputs;
  private int generation;

  /** Makes room for this many elements; what stood in it is lost. */
  void reserve(int ints, int floats) {
    inputs = roomFor(inputs, ints);
    outputs = roomFor(outputs, floats);
  }

  /** Changes when the memory does. */
  int generation() {
    return generation;
  }

  private PinnedMemory roomFor(@Nullable PinnedMemory memory, int elements) {
    int bytes = Math.max(LEAST_BYTES, Math.multiplyExact(elements, Integer.BYTES));
    if (memory != null) {
      if (memory.buffer().capacity() >= bytes) {
        return memory;
      }
      memory.close();
    }
    generation++;
    int rounded = Integer.highestOneBit(bytes - 1) * 2;
    return PinnedMemory.allocate(rounded > 0 ? rounded : bytes);
  }

  IntBuffer input(int at, int ints) {
    return inputBytes(at, ints).asIntBuffer();
  }

  ByteBuffer inputBytes(int at, int ints) {
    return part(inputs, at, ints);
  }

  ByteBuffer outputBytes(int at, int floats) {
    return part(outputs, at, floats);
  }

  FloatBuffer output(int at, int floats) {
    return outputBytes(at, floats).asFloatBuffer();
  }

  private static ByteBuffer part(@Nullable PinnedMemory memory, int at, int elements) {
    if (memory == null) {
      throw new IllegalStateException("slot without memory (expected: reserved)");
    }
    ByteBuffer whole = memory.buffer();
    return whole.slice(at * Integer.BYTES, elements * Integer.BYTES).order(whole.order());
  }

  /** All that was queued so far belongs to this slot's batch. */
  void mark() {
    event.record();
  }

  /** Whether {@link #await} would not wait. */
  boolean done() {
    return event.passed();
  }

  void await() {
    event.await();
  }

  @Override
  public void close() {
    event.close();
    if (inputs != null) {
      inputs.close();
    }
    if (outputs != null) {
      outputs.close();
    }
  }
}
