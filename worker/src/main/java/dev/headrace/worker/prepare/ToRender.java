package dev.headrace.worker.prepare;

import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.task.Work;
import java.util.List;

/** A request whose rows are finished; its response is to be written. */
public record ToRender(long job, ServedModel model, Work work, List<RowOutput> outputs) {}
