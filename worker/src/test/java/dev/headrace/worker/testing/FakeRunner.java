package dev.headrace.worker.testing;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.device.BatchRunner;
import dev.headrace.worker.device.BrokenModel;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs {@link WordModel}s; fails as it is told. */
public class FakeRunner implements BatchRunner {
  private final List<ServedModel> models;
  private final Map<String, ErrorCode> failing = new HashMap<>();
  public final List<List<String>> batches = new ArrayList<>();
  public int memoryTokens = Integer.MAX_VALUE;
  public boolean closed;

  public List<BrokenModel> broken = List.of();

  public FakeRunner(ServedModel... models) {
    this.models = List.of(models);
  }

  /** From now on batches with a text that contains this word fail. */
  public void failOn(String word, ErrorCode code) {
    failing.put(word, code);
  }

  public void heal() {
    failing.clear();
  }

  @Override
  public List<ServedModel> models() {
    return models;
  }

  @Override
  public List<BrokenModel> broken() {
    return broken;
  }

  @Override
  public List<RowOutput> run(ServedModel model, List<Row> rows) {
    List<String> texts = rows.stream().map(r -> ((WordModel.Words) r).text()).toList();
    batches.add(texts);
    int longest = rows.get(rows.size() - 1).length();
    if (rows.size() * longest > memoryTokens) {
      throw new FailureException(
          ErrorCode.OUT_OF_MEMORY, rows.size() + " x " + longest + " tokens");
    }
    for (String text : texts) {
      failing.forEach(
          (word, code) -> {
            if (text.contains(word)) {
              throw new FailureException(code, "text with " + word);
            }
          });
    }
    return rows.stream().map(WordModel::output).toList();
  }

  @Override
  public long memoryFreeBytes() {
    return 123;
  }

  @Override
  public long memoryUnusedBytes() {
    return 45;
  }

  @Override
  public void close() {
    closed = true;
  }
}
