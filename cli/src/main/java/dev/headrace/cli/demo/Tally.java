package dev.headrace.cli.demo;

import dev.headrace.protocol.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** All samples so far. Thread-safe: results arrive on the SDK's thread, the view reads on main. */
final class Tally {
  private final List<Sample> samples = new ArrayList<>();

  /** Figures of one group of samples. */
  record Group(
      int requests, double p50Ms, double p99Ms, double inTime, double busySeconds, double usd) {}

  synchronized void add(Sample sample) {
    samples.add(sample);
  }

  synchronized int size() {
    return samples.size();
  }

  synchronized int count(Predicate<Sample> wanted) {
    return (int) samples.stream().filter(wanted).count();
  }

  int count(Status status) {
    return count(s -> s.status() == status);
  }

  /** Figures by tier, in the order of the tiers. */
  synchronized Map<String, Group> byTier() {
    Map<String, List<Sample>> groups = new TreeMap<>();
    samples.forEach(
        s -> groups.computeIfAbsent(s.tier().wireName(), t -> new ArrayList<>()).add(s));
    return figures(groups);
  }

  /** Figures by device type, of what a device ran: neither cache hits nor coalesced requests. */
  synchronized Map<String, Group> byDevice() {
    Map<String, List<Sample>> groups = new TreeMap<>();
    samples.stream()
        .filter(s -> s.cache().equals("miss") && !s.deviceType().isEmpty())
        .forEach(s -> groups.computeIfAbsent(s.deviceType(), d -> new ArrayList<>()).add(s));
    return figures(groups);
  }

  /** Failures by error code. */
  synchronized Map<String, Integer> failures() {
    Map<String, Integer> codes = new TreeMap<>();
    samples.stream()
        .filter(s -> s.status() == Status.FAILED)
        .forEach(s -> codes.merge(s.errorCode(), 1, Integer::sum));
    return codes;
  }

  private static Map<String, Group> figures(Map<String, List<Sample>> groups) {
    Map<String, Group> figures = new TreeMap<>();
    groups.forEach((name, members) -> figures.put(name, group(members)));
    return figures;
  }

  private static Group group(List<Sample> members) {
    double[] latencies = members.stream().mapToDouble(Sample::latencyMs).sorted().toArray();
    return new Group(
        members.size(),
        percentile(latencies, 50),
        percentile(latencies, 99),
        members.stream().filter(Sample::inTime).count() / (double) members.size(),
        members.stream().mapToDouble(Sample::busySeconds).sum(),
        members.stream().mapToDouble(Sample::usd).sum());
  }

  /** Nearest rank. */
  static double percentile(double[] sorted, double percent) {
    int rank = (int) Math.ceil(percent / 100 * sorted.length);
    return sorted[Math.max(0, Math.min(sorted.length, rank) - 1)];
  }
}
