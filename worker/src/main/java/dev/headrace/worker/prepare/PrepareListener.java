package dev.headrace.worker.prepare;

import dev.headrace.protocol.Failure;
import java.util.List;

/** What the loop hears from the preparing thread; called on the loop's thread. */
public interface PrepareListener {
  /** These bodies were read. */
  void prepared(List<Prepared> results);

  /** These rows must be run; the answer is {@link PrepareCall.Shared}. */
  void wanted(SharedRows rows);

  /** These responses were written. */
  void rendered(List<Rendered> results);

  /** The thread ends. */
  void prepareFailed(Failure failure);
}
