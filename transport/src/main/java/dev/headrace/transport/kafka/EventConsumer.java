package dev.headrace.transport.kafka;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Takes records as one member of a group. Records may be acknowledged in any order; what is
 * committed never passes one that is not acknowledged. Used by one thread.
 */
public interface EventConsumer {

  /** Told, inside {@link #poll}, that slots came or went. */
  interface Listener {
    void assigned(Collection<Slot> slots);

    /** Unacknowledged records of these slots will be delivered again, perhaps to others. */
    void revoked(Collection<Slot> slots);
  }

  /**
   * Waits for records and keeps the membership alive; must be called often.
   *
   * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE; calling again is fine
   */
  List<Received> poll(Duration timeout);

  /** Whether the record is still ours since it was received: nobody else has it yet. */
  boolean owns(Received record);

  /** Says that nothing more needs to be done for this record; stale records are ignored. */
  void acknowledge(Received record);

  /**
   * Says that nothing will be done for this record: it is delivered again, perhaps to others. Those
   * whose records go back all together, when their slot goes, do nothing here.
   */
  default void release(Received record) {}

  /**
   * Whether what was taken and is not acknowledged is being worked on. Only then is what a broker
   * lends for a time kept for longer. It is until this says otherwise.
   */
  default void keep(boolean worked) {}

  /** How often Kafka has delivered this record, as far as it counts; at least once. */
  default int deliveries(Received record) {
    return 1;
  }

  /**
   * Whether Kafka has delivered this record so often that it may soon give it to nobody any more:
   * who takes it should put it elsewhere instead of trying it once again.
   */
  default boolean wornOut(Received record) {
    return false;
  }

  /** Slots that are ours now. */
  Set<Slot> assigned();

  /** Stops fetching these slots; they stay ours. */
  void pause(Collection<Slot> slots);

  /** Fetches them again. */
  void resume(Collection<Slot> slots);

  /** Commits in the background what may be committed, if anything is new. */
  void commit();

  /** Commits what may be committed, leaves the group. */
  void close(Duration timeout);
}
