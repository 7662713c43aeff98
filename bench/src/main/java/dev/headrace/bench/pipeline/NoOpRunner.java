package dev.headrace.bench.pipeline;

import dev.headrace.protocol.Task;
import dev.headrace.worker.device.BatchRunner;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** A device that does nothing: every text has the same vector at once. */
final class NoOpRunner implements BatchRunner {
  static final String MODEL = "all-minilm-l6-v2";
  static final int DIMENSION = 384;

  private static final int CHARS_PER_TOKEN = 4;

  private final ServedModel model = new Model();
  private final RowOutput output = new RowOutput.Vector(vector());

  /** What every text is answered with. */
  static float[] vector() {
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = (float) Math.sin(i) / 16;
    }
    return vector;
  }

  private record TextRow(int length) implements Row {}

  private static final class Model implements ServedModel {
    @Override
    public String name() {
      return MODEL;
    }

    @Override
    public String revision() {
      return "none";
    }

    @Override
    public Set<Task> tasks() {
      return Set.of(Task.EMBEDDINGS);
    }

    @Override
    public int dimension() {
      return DIMENSION;
    }

    @Override
    public List<Row> rows(List<String> texts) {
      List<Row> rows = new ArrayList<>(texts.size());
      texts.forEach(text -> rows.add(new TextRow(1 + text.length() / CHARS_PER_TOKEN)));
      return rows;
    }
  }

  @Override
  public List<ServedModel> models() {
    return List.of(model);
  }

  @Override
  public List<RowOutput> run(ServedModel served, List<Row> rows) {
    return Collections.nCopies(rows.size(), output);
  }

  @Override
  public long memoryFreeBytes() {
    return 0;
  }

  @Override
  public void close() {
    // holds nothing
  }
}
