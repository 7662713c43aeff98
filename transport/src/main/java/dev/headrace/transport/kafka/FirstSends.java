package dev.headrace.transport.kafka;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Takes the sends to topics that were not sent to before. Kafka's producer blocks such a send until
 * it knows the topic's partitions, or until its patience ends when there is no such topic; as
 * clients name topics to reply to, that must not happen on a loop's thread. The thread ends when
 * idle.
 */
final class FirstSends {
  /** Sends that may wait (chosen: far more than new topics come at once). */
  private static final int MAX_WAITING = 10_000;

  /** Topics remembered (chosen; the names come from clients, so it must be bounded). */
  private static final int MAX_KNOWN = 10_000;

  private final Set<String> known = ConcurrentHashMap.newKeySet();
  private final ThreadPoolExecutor thread;

  /** One send. */
  interface Send extends Runnable {
    /** Tells the sender that it was not even tried. */
    void drop(String why);
  }

  FirstSends(String clientId) {
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            task -> named(clientId, task));
    thread.allowCoreThreadTimeOut(true);
  }

  private static Thread named(String clientId, Runnable task) {
    Thread thread = new Thread(task, "kafka-producer-first-sends | " + clientId);
    thread.setDaemon(true);
    return thread;
  }

  /** Whether a send to this topic does not block. */
  boolean isKnown(String topic) {
    return known.contains(topic);
  }

  /** Notes that a record was appended to this topic. */
  void know(String topic) {
    if (known.contains(topic)) {
      return;
    }
    if (known.size() >= MAX_KNOWN) {
      known.clear();
    }
    known.add(topic);
  }

  /** Sends on the other thread. */
  void later(Send send) {
    try {
      thread.execute(send);
    } catch (RejectedExecutionException e) {
      send.drop(thread.isShutdown() ? "producer is closed" : "too many new topics at once");
    }
  }

  /** Waits for what was begun, then drops the rest. */
  void close(Duration timeout) {
    thread.shutdown();
    try {
      if (thread.awaitTermination(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    thread.shutdownNow().forEach(task -> ((Send) task).drop("producer is closed"));
  }
}
