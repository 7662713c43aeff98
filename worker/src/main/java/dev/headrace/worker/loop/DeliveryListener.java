package dev.headrace.worker.loop;

import dev.headrace.protocol.Failure;
import java.util.List;

/** What a delivering thread tells; called through the mailbox of the loop. */
public interface DeliveryListener {
  /** These calls are done: what is to follow may run. */
  void delivered(List<Runnable> done);

  /** Whether Redis answers that thread, when that changed. */
  void storeAnswers(boolean answers);

  /** The thread ends: nothing is delivered any more. */
  void deliveryFailed(Failure failure);
}
