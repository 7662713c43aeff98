package dev.headrace.bench;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a benchmark found.
 *
 * @param name of the benchmark
 * @param figures by key
 * @param goals by the key of the figure
 */
public record BenchResult(String name, Map<String, Double> figures, Map<String, Goal> goals) {

  /** A bound for a figure. */
  public record Goal(double value, boolean atLeast) {
    public boolean metBy(double figure) {
      return atLeast ? figure >= value : figure <= value;
    }
  }

  /** This result with a figure more, and the least that it should be. */
  public BenchResult with(String key, double figure, double goal) {
    Map<String, Double> more = new TreeMap<>(figures);
    more.put(key, figure);
    Map<String, Goal> moreGoals = new TreeMap<>(goals);
    moreGoals.put(key, new Goal(goal, true));
    return new BenchResult(name, more, moreGoals);
  }

  /** {@code {"bench","figures":{key:number},"goals":{key:{"goal","met"}}}}. */
  public String toJson() {
    StringBuilder json = new StringBuilder("{\"bench\":\"" + name + "\",\"figures\":{");
    String separator = "";
    for (Map.Entry<String, Double> e : new TreeMap<>(figures).entrySet()) {
      json.append(separator).append('"').append(e.getKey()).append("\":");
      json.append(number(e.getValue()));
      separator = ",";
    }
    json.append("},\"goals\":{");
    separator = "";
    for (Map.Entry<String, Goal> e : new TreeMap<>(goals).entrySet()) {
      Double figure = figures.get(e.getKey());
      boolean met = figure != null && e.getValue().metBy(figure);
      json.append(separator).append('"').append(e.getKey()).append("\":{\"goal\":");
      json.append(number(e.getValue().value())).append(",\"met\":").append(met).append('}');
      separator = ",";
    }
    return json.append("}}").toString();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.6g", value);
  }
}
