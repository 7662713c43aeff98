package dev.headrace.worker.cuda;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps recording and loading on one GPU apart: what a recording's thread does is captured, and
 * what another thread allocates, frees or waits for meanwhile could end up in it or break it. There
 * is one gate for a GPU, whoever uses it in this process.
 */
public final class DeviceGate {
  private static final ConcurrentMap<Integer, DeviceGate> GATES = new ConcurrentHashMap<>();

  private final int device;
  private final ReentrantLock lock = new ReentrantLock();

  private DeviceGate(int device) {
    this.device = device;
  }

  public static DeviceGate of(int device) {
    return GATES.computeIfAbsent(device, DeviceGate::new);
  }

  /**
   * Waits until nothing is recorded; then the calling thread, whose device the GPU becomes, may
   * load or free a model. It must {@link #leave} afterwards.
   */
  public void enter() {
    Cuda.select(device);
    lock.lock();
  }

  /** Whether the calling thread may record now; it must {@link #leave} then. */
  boolean tryEnter() {
    return lock.tryLock();
  }

  /** The calling thread is done. */
  public void leave() {
    lock.unlock();
  }
}
