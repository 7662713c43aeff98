package dev.headrace.worker.loop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The records that were taken and are not acknowledged, with what bounds them. */
final class InFlight {
  private final Map<Long, Job> jobs = new LinkedHashMap<>();
  private int unreadable;
  private long bytes;

  void add(Job job) {
    jobs.put(job.number(), job);
    bytes += size(job);
  }

  void remove(Job job) {
    if (jobs.remove(job.number()) != null) {
      bytes -= size(job);
    }
  }

  private static long size(Job job) {
    byte[] value = job.received().record().value();
    return value == null ? 0 : value.length;
  }

  /** A record that holds no request was taken. */
  void addUnreadable() {
    unreadable++;
  }

  /** It was acknowledged. */
  void removeUnreadable() {
    unreadable--;
  }

  /** The job with this number, null when it is gone. */
  @Nullable Job get(long number) {
    return jobs.get(number);
  }

  int count() {
    return jobs.size() + unreadable;
  }

  /** Bytes of the records. */
  long bytes() {
    return bytes;
  }

  Collection<Job> all() {
    return jobs.values();
  }

  /** Those that match, in a list of their own. */
  List<Job> where(Predicate<Job> predicate) {
    List<Job> matching = new ArrayList<>();
    for (Job job : jobs.values()) {
      if (predicate.test(job)) {
        matching.add(job);
      }
    }
    return matching;
  }
}
