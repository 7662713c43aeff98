package dev.headrace.worker.prepare;

import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.naming.CacheKey;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.task.TaskReader;
import dev.headrace.worker.task.Vectors;
import dev.headrace.worker.task.Work;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads bodies and writes responses, one at a time; what is wrong with one request is that
 * request's failure and no one else's. Used by several threads at once.
 */
final class Preparer {
  private static final Logger LOG = LoggerFactory.getLogger(Preparer.class);

  private final TaskReader reader;
  private final BodyStore bodies;

  /** Guarded by itself. */
  private final SharedVectors shared;

  private final Consumer<SharedRows> wanted;

  /**
   * Makes a preparer.
   *
   * @param wanted told of shared texts that must be run
   */
  Preparer(TaskReader reader, BodyStore bodies, int sharedCapacity, Consumer<SharedRows> wanted) {
    this.reader = reader;
    this.bodies = bodies;
    this.shared = new SharedVectors(sharedCapacity);
    this.wanted = wanted;
  }

  Prepared prepare(ToPrepare item) {
    try {
      return read(item);
    } catch (FailureException e) {
      return new Prepared.Refused(item.job(), e.failure());
    } catch (RuntimeException e) {
      LOG.warn("body could not be prepared request={}", item.request().id(), e);
      return new Prepared.Refused(item.job(), defect("preparing the body", e));
    }
  }

  private Prepared read(ToPrepare item) {
    InferenceRequest request = item.request();
    Optional<byte[]> body = bodies.of(request);
    if (body.isEmpty()) {
      return new Prepared.Refused(
          item.job(),
          new Failure(
              ErrorCode.PAYLOAD_LOST,
              "body: nothing under " + request.payload().reference() + " (expected: the body)"));
    }
    Work work = reader.read(request, body.get(), item.model());
    claim(item.job(), item.model(), work.sharedTexts());
    boolean cacheable = work.repeatable() && cacheable(request, body.get(), item.model());
    return new Prepared.Ready(item.job(), work, cacheable);
  }

  /** The key was made with the revision that some worker reported; this one's may be another. */
  private static boolean cacheable(InferenceRequest request, byte[] body, ServedModel model) {
    Assignment assignment = request.assignment();
    return assignment != null
        && assignment.cacheKey() != null
        && assignment
            .cacheKey()
            .equals(CacheKey.of(request.model(), model.revision(), request.task(), body));
  }

  private void claim(long job, ServedModel model, List<String> texts) {
    if (texts.isEmpty()) {
      return;
    }
    synchronized (shared) {
      List<String> missing = shared.claim(model, texts);
      if (missing.isEmpty()) {
        return;
      }
      try {
        wanted.accept(new SharedRows(job, model, missing, model.rows(missing)));
      } catch (RuntimeException e) {
        // Nobody waits for them yet: they were claimed just now.
        shared.failed(model, missing);
        throw e;
      }
    }
  }

  /** Writes a response, unless it waits for shared vectors: then nothing comes out yet. */
  void render(ToRender item, List<Rendered> out) {
    SharedVectors.Parked ready;
    synchronized (shared) {
      try {
        // Usually known by now; they may have been dropped since, or their run have failed.
        claim(item.job(), item.model(), item.work().sharedTexts());
      } catch (FailureException e) {
        out.add(new Rendered.Refused(item.job(), e.failure()));
        return;
      }
      ready = shared.ready(item); // what was claimed or known may not be dropped in between
    }
    if (ready != null) {
      out.add(write(ready));
    }
  }

  /** Takes the outputs of shared texts, writes the responses that waited for them. */
  void arrived(SharedRows rows, List<RowOutput> outputs, List<Rendered> out) {
    List<float[]> vectors;
    try {
      vectors = Vectors.of(outputs);
    } catch (FailureException e) {
      failed(rows, e.failure(), out);
      return;
    }
    List<SharedVectors.Parked> complete;
    synchronized (shared) {
      complete = shared.arrived(rows.model(), rows.texts(), vectors);
    }
    complete.forEach(p -> out.add(write(p)));
  }

  /** Shared texts could not be run: neither can the responses that waited for them be written. */
  void failed(SharedRows rows, Failure failure, List<Rendered> out) {
    synchronized (shared) {
      for (SharedVectors.Parked lost : shared.failed(rows.model(), rows.texts())) {
        out.add(new Rendered.Refused(lost.request().job(), failure));
      }
    }
  }

  private static Rendered write(SharedVectors.Parked parked) {
    ToRender item = parked.request();
    try {
      FinishReason cut = item.cut();
      byte[] body =
          cut == null
              ? item.work().response(item.outputs(), parked.vectors())
              : item.work().partial(item.outputs(), cut, item.why());
      return new Rendered.Response(item.job(), body);
    } catch (FailureException e) {
      return new Rendered.Refused(item.job(), e.failure());
    } catch (RuntimeException e) {
      LOG.warn("response could not be written job={}", item.job(), e);
      return new Rendered.Refused(item.job(), defect("writing the response", e));
    }
  }

  private static Failure defect(String doing, RuntimeException e) {
    return new Failure(ErrorCode.INTERNAL_ERROR, doing + ": " + e.getClass().getSimpleName());
  }
}
