package dev.headrace.worker;

import dev.headrace.transport.delivery.DeliveryConfig;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.EventProducer;
import dev.headrace.transport.kafka.GroupConsumer;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.LaneIntake;
import dev.headrace.transport.kafka.ShareGroupConsumer;
import dev.headrace.transport.redis.ChunkStore;
import dev.headrace.transport.redis.CrashLedger;
import dev.headrace.transport.redis.DeliveryStore;
import dev.headrace.transport.redis.DeviceRegistry;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.RedisStores;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * What a worker is connected to. Producer and stores may be shared by several workers of one
 * process; who made them closes them, after the workers.
 *
 * @param consumers makes the worker's consumer, which it closes itself
 * @param producer appends outcomes, retries and dead letters
 * @param nanos a clock for durations
 * @param clock a clock for times
 */
public record WorkerLinks(
    ConsumerFactory consumers,
    EventProducer producer,
    OutcomeStore outcomes,
    DeliveryStore deliveries,
    DeviceRegistry registry,
    CrashLedger ledger,
    ChunkStore chunks,
    DeliveryConfig delivery,
    LongSupplier nanos,
    InstantSource clock) {

  /** Makes a consumer of a topic; it joins its group when it is first polled. */
  public interface ConsumerFactory {
    EventConsumer create(String group, String topic, EventConsumer.Listener listener);
  }

  /**
   * Links to real servers, by the system's clocks. One poll of a share group gives a batch's worth
   * of records at most, for the next waits until all of them are done.
   */
  public static WorkerLinks of(
      KafkaConfig kafka,
      WorkerConfig worker,
      EventProducer producer,
      RedisStores stores,
      DeliveryConfig delivery) {
    LaneIntake intake = worker.laneIntake();
    int records = worker.batch().maxRows();
    return new WorkerLinks(
        (group, topic, listener) ->
            intake.shares()
                ? new ShareGroupConsumer(kafka, intake, records, group, group, topic, listener)
                : new GroupConsumer(kafka, group, List.of(topic), listener),
        producer,
        stores.outcomeStore(),
        stores.deliveryStore(),
        stores.deviceRegistry(),
        stores.crashLedger(),
        stores.chunkStore(),
        delivery,
        System::nanoTime,
        InstantSource.system());
  }
}
