package dev.headrace.worker.testing;

import dev.headrace.protocol.Task;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.ServedModel;
import java.util.List;
import java.util.Set;

/** The model "words" for tests that change something of it. */
public abstract class ForwardingWords implements ServedModel {
  private final WordModel words = WordModel.named("words");

  @Override
  public String name() {
    return words.name();
  }

  @Override
  public String revision() {
    return words.revision();
  }

  @Override
  public Set<Task> tasks() {
    return words.tasks();
  }

  @Override
  public int dimension() {
    return words.dimension();
  }

  @Override
  public List<Row> rows(List<String> texts) {
    return words.rows(texts);
  }
}
