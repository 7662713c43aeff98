package dev.headrace.worker.encode;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.device.BrokenModel;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.StagedRunner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Several devices as one: the rows of each batch are shared among them by measured speed, run side
 * by side, and joined in their order. So one large request runs on all of them at once. Each device
 * has a thread and models of its own; {@link GroupMember}.
 *
 * <p>A failure of one part is the batch's, for the loop then knows how to go on; one device that is
 * lost ends the group.
 */
final class GroupRunner implements StagedRunner {
  private final List<GroupMember> members;
  private final BatchShares shares;

  private GroupRunner(List<GroupMember> members) {
    this.members = members;
    this.shares = new BatchShares(members.size());
  }

  /** Opens a device. */
  interface Opening {
    StagedRunner open(EngineConfig one) throws IOException;
  }

  /** Opens all devices of a configuration, one after the other, each on a thread of its own. */
  static GroupRunner open(EngineConfig config, Opening opening, LongSupplier nanos)
      throws IOException {
    List<GroupMember> members = new ArrayList<>();
    try {
      for (String device : config.members()) {
        EngineConfig one = config.on(device);
        members.add(GroupMember.open(device, () -> opening.open(one), nanos));
      }
      return new GroupRunner(members);
    } catch (IOException | RuntimeException e) {
      members.forEach(GroupMember::close);
      throw e;
    }
  }

  @Override
  public List<ServedModel> models() {
    return members.get(0).runner().models();
  }

  @Override
  public List<BrokenModel> broken() {
    return members.get(0).runner().broken();
  }

  @Override
  public int depth() {
    return members.stream().mapToInt(m -> m.runner().depth()).max().orElse(1);
  }

  /** A part on its way. */
  private record Part(int device, long tokens, CompletableFuture<GroupMember.Done> done) {}

  @Override
  public Running start(ServedModel model, List<Row> rows) {
    List<List<Row>> split = shares.split(rows);
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      if (!split.get(i).isEmpty()) {
        long tokens = BatchShares.tokens(split.get(i));
        parts.add(new Part(i, tokens, members.get(i).start(model, split.get(i))));
      }
    }
    return new Running() {
      @Override
      public List<RowOutput> await() {
        return join(parts);
      }

      @Override
      public boolean done() {
        return parts.stream().allMatch(p -> p.done().isDone());
      }
    };
  }

  /** Waits for all parts even if one failed: the next batch finds the devices free. */
  private List<RowOutput> join(List<Part> parts) {
    List<RowOutput> outputs = new ArrayList<>();
    RuntimeException failure = null;
    for (Part part : parts) {
      try {
        GroupMember.Done done = part.done().join();
        shares.measured(part.device(), part.tokens(), done.seconds());
        outputs.addAll(done.outputs());
      } catch (CompletionException e) {
        shares.failed(part.device(), part.tokens());
        failure = worse(failure, cause(e));
      }
    }
    if (failure != null) {
      throw failure;
    }
    return outputs;
  }

  private static RuntimeException cause(CompletionException e) {
    return e.getCause() instanceof RuntimeException known ? known : e;
  }

  /** A lost device matters more than what else went wrong. */
  private static RuntimeException worse(@Nullable RuntimeException one, RuntimeException other) {
    return one == null || lost(other) ? other : one;
  }

  private static boolean lost(RuntimeException e) {
    return e instanceof FailureException f && f.failure().code() == ErrorCode.DEVICE_LOST;
  }

  /** Tokens a second of each device, as measured; for tests. */
  double speed(int device) {
    return shares.speed(device);
  }

  @Override
  public long memoryFreeBytes() {
    return members.stream().mapToLong(m -> m.runner().memoryFreeBytes()).sum();
  }

  @Override
  public long memoryUnusedBytes() {
    return members.stream().mapToLong(m -> m.runner().memoryUnusedBytes()).sum();
  }

  @Override
  public void close() {
    members.forEach(GroupMember::close);
  }
}
