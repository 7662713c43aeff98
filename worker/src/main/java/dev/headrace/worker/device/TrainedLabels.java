package dev.headrace.worker.device;

import java.util.List;

/**
 * The labels that a classifier was trained on. Its outputs are one logit for each.
 *
 * @param names in the order of the logits
 * @param multiLabel whether each label is a question of its own, else one of them is right
 */
public record TrainedLabels(List<String> names, boolean multiLabel) {
  public TrainedLabels {
    names = List.copyOf(names);
  }
}
