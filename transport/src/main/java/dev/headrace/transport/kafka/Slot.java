package dev.headrace.transport.kafka;

/**
 * A topic and a partition. It is the key of maps that are asked several times for each record, and
 * what a record makes of these two took up to a sixth of the router's loop (RATIONALE.md).
 */
public record Slot(String topic, int partition) {
  @Override
  public int hashCode() {
    return 31 * topic.hashCode() + partition;
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof Slot slot && partition == slot.partition && topic.equals(slot.topic));
  }

  @Override
  public String toString() {
    return topic + "-" + partition;
  }
}
