package dev.headrace.bench.generate;

import dev.headrace.bench.pipeline.HeadracePipeline;
import dev.headrace.bench.pipeline.HeadracePipeline.Places;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Looks again and again at where a pipeline's requests are. */
final class PlaceWatch implements Runnable {
  private static final long EVERY_MILLIS = 50;

  private final HeadracePipeline pipeline;
  private final Thread thread = new Thread(this, "place-watch");
  private final List<Places> seen = new ArrayList<>();

  private PlaceWatch(HeadracePipeline pipeline) {
    this.pipeline = pipeline;
  }

  static PlaceWatch start(HeadracePipeline pipeline) {
    PlaceWatch watch = new PlaceWatch(pipeline);
    watch.thread.setDaemon(true);
    watch.thread.start();
    return watch;
  }

  @Override
  public void run() {
    try {
      while (true) {
        seen.add(pipeline.places());
        TimeUnit.MILLISECONDS.sleep(EVERY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // told to end
    }
  }

  /** The mean of what was seen. */
  Places end() throws InterruptedException {
    thread.interrupt();
    thread.join();
    double router = 0;
    double lane = 0;
    double worker = 0;
    for (Places places : seen) {
      router += places.router() / seen.size();
      lane += places.lane() / seen.size();
      worker += places.worker() / seen.size();
    }
    return new Places(router, lane, worker);
  }
}
