package dev.headrace.worker.device;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.mailbox.Mailbox;
import dev.headrace.worker.mailbox.MailboxAgent;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread {@code loader-<device>}: loads and unloads models, one at a time. */
public final class LoaderAgent extends MailboxAgent<LoadCall> {
  private static final Logger LOG = LoggerFactory.getLogger(LoaderAgent.class);

  private final Mailbox<Runnable> loop;
  private final LoadListener listener;
  private final Loading loading;
  private final LongSupplier nanos;

  /**
   * Makes the agent.
   *
   * @param mailbox its own
   * @param loop the mailbox of the thread to which {@code listener} belongs
   * @param loading knows of it while it loads
   */
  public LoaderAgent(
      String name,
      Mailbox<LoadCall> mailbox,
      Mailbox<Runnable> loop,
      LoadListener listener,
      Loading loading,
      LongSupplier nanos) {
    super(name, mailbox);
    this.loop = loop;
    this.listener = listener;
    this.loading = loading;
    this.nanos = nanos;
  }

  @Override
  protected void run(LoadCall call) {
    if (call.load()) {
      if (loading.begin()) {
        try {
          load(call);
        } finally {
          loading.end();
        }
      }
    } else {
      call.loader().unload(call.model());
      loop.put(() -> listener.unloaded(call.model()));
    }
  }

  /** What is wrong with one model, down to too little memory for it, is no end of the worker. */
  private void load(LoadCall call) {
    long started = nanos.getAsLong();
    try {
      ServedModel model = call.loader().load(call.model());
      double seconds = (nanos.getAsLong() - started) / 1e9;
      loop.put(() -> listener.loaded(model, seconds));
    } catch (FailureException e) {
      loop.put(() -> listener.notLoaded(call.model(), e.failure()));
    } catch (RuntimeException | OutOfMemoryError e) {
      if (loading.left()) {
        LOG.info("left a model before it was loaded model={} cause={}", call.model(), e.toString());
        return; // nobody is there to hear of it
      }
      LOG.warn("model could not be loaded model={}", call.model(), e);
      Failure failure = new Failure(ErrorCode.MODEL_NOT_LOADED, call.model() + ": " + e);
      loop.put(() -> listener.notLoaded(call.model(), failure));
    }
  }
}
