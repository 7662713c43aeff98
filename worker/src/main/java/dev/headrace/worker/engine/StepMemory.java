package dev.headrace.worker.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory of the host that a step's inputs come from and its results go to. */
interface StepMemory extends AutoCloseable {
  /** Makes room; what stood there is lost. */
  void reserve(int ints, int floats);

  /** Changes when the memory does: work that was recorded uses the memory of its time. */
  int generation();

  ByteBuffer inputs(int ints);

  ByteBuffer outputs(int floats);

  /** Waits until all that was queued is done. */
  void await();

  @Override
  void close();

  /** Pinned memory, so that the copies from and to the GPU are queued like its kernels. */
  static StepMemory pinned() {
    CudaSlot slot = new CudaSlot();
    return new StepMemory() {
      @Override
      public void reserve(int ints, int floats) {
        slot.reserve(ints, floats);
      }

      @Override
      public int generation() {
        return slot.generation();
      }

      @Override
      public ByteBuffer inputs(int ints) {
        return slot.inputBytes(0, ints);
      }

      @Override
      public ByteBuffer outputs(int floats) {
        return slot.outputBytes(0, floats);
      }

      @Override
      public void await() {
        slot.mark();
        slot.await();
      }

      @Override
      public void close() {
        slot.close();
      }
    };
  }

  /** Plain memory, for the CPU, which queues nothing. */
  static StepMemory plain() {
    return new StepMemory() {
      private ByteBuffer in = ByteBuffer.allocateDirect(0);
      private ByteBuffer out = in;
      private int generation;

      @Override
      public void reserve(int ints, int floats) {
        in = roomFor(in, ints);
        out = roomFor(out, floats);
      }

      private ByteBuffer roomFor(ByteBuffer memory, int elements) {
        if (memory.capacity() >= elements * Integer.BYTES) {
          return memory;
        }
        generation++;
        return ByteBuffer.allocateDirect(2 * elements * Integer.BYTES);
      }

      @Override
      public int generation() {
        return generation;
      }

      @Override
      public ByteBuffer inputs(int ints) {
        return in.slice(0, ints * Integer.BYTES).order(ByteOrder.nativeOrder());
      }

      @Override
      public ByteBuffer outputs(int floats) {
        return out.slice(0, floats * Float.BYTES).order(ByteOrder.nativeOrder());
      }

      @Override
      public void await() {}

      @Override
      public void close() {}
    };
  }
}
