package dev.headrace.worker.prepare;

import dev.headrace.protocol.Failure;
import dev.headrace.worker.device.RowOutput;
import java.util.List;

/** What the loop asks of the preparing thread. */
public sealed interface PrepareCall {
  /** Read these bodies. */
  record Bodies(List<ToPrepare> items) implements PrepareCall {}

  /** Write these responses. */
  record Responses(List<ToRender> items) implements PrepareCall {}

  /** Shared rows came back from the device. */
  record Shared(SharedRows rows, List<RowOutput> outputs) implements PrepareCall {}

  /** Shared rows did not. */
  record SharedFailed(SharedRows rows, Failure failure) implements PrepareCall {}
}
