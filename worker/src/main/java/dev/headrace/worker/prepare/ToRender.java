package dev.headrace.worker.prepare;

import dev.headrace.protocol.body.FinishReason;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.task.Work;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request whose rows are finished; its response is to be written.
 *
 * @param outputs one per row
 * @param cut why the rows were ended before their time, null when they were not
 * @param why the same in words
 */
public record ToRender(
    long job,
    ServedModel model,
    Work work,
    List<RowOutput> outputs,
    @Nullable FinishReason cut,
    String why) {

  /** Rows that came to their own end. */
  public ToRender(long job, ServedModel model, Work work, List<RowOutput> outputs) {
    this(job, model, work, outputs, null, "");
  }
}
