package dev.headrace.worker.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory of the host that a step's inputs come from and its results go to. */
interface StepMemory extends AutoCloseable {
  /** Makes room; what stood there is lost. */
  void reserve(int ints, int floats);

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

      @Override
      public void reserve(int ints, int floats) {
        in = ByteBuffer.allocateDirect(ints * Integer.BYTES).order(ByteOrder.nativeOrder());
        out = ByteBuffer.allocateDirect(floats * Float.BYTES).order(ByteOrder.nativeOrder());
      }

      @Override
      public ByteBuffer inputs(int ints) {
        return in;
      }

      @Override
      public ByteBuffer outputs(int floats) {
        return out;
      }

      @Override
      public void await() {}

      @Override
      public void close() {}
    };
  }
}
