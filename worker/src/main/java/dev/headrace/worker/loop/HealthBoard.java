package dev.headrace.worker.loop;

/** Where the loop writes how it does, for any thread to read. */
public final class HealthBoard {
  private volatile WorkerHealth latest;

  public HealthBoard(WorkerHealth first) {
    this.latest = first;
  }

  public WorkerHealth latest() {
    return latest;
  }

  void write(WorkerHealth health) {
    latest = health;
  }
}
