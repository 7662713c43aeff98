package dev.headrace.worker.loop;

import dev.headrace.protocol.naming.Topics;
import dev.headrace.worker.device.ServedModel;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What an operator should know of how a worker takes its lane's work. */
final class IntakeAdvice {
  private IntakeAdvice() {}

  /**
   * Of a share group all records of a poll must be done before its next, so a text that is written
   * for a minute holds up whatever came with it; unless it came alone.
   *
   * @param group of the lane's workers
   * @param records of one poll at most
   */
  static Optional<String> of(
      String lane, String group, int records, Collection<ServedModel> models) {
    List<String> texts =
        models.stream()
            .filter(m -> m.concurrency().isPresent())
            .map(ServedModel::name)
            .sorted()
            .toList();
    if (texts.isEmpty() || records == 1 || !group.equals(Topics.shareGroup(lane))) {
      return Optional.empty();
    }
    return Optional.of(
        "worker.intake: share (expected: group for models that generate text, here "
            + String.join(", ", texts)
            + ": each text holds up the poll that it came with; or worker.batch.max-rows = 1 and as"
            + " many worker.share.polls as texts run side by side)");
  }
}
