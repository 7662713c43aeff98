package dev.headrace.transport.kafka;

/** A topic and a partition. */
public record Slot(String topic, int partition) {
  @Override
  public String toString() {
    return topic + "-" + partition;
  }
}
