package dev.headrace.worker.loop;

import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.redis.ChunkStore;
import dev.headrace.transport.redis.CrashLedger;
import dev.headrace.transport.redis.DeviceRegistry;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.LoadCall;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.mailbox.Mailbox;
import dev.headrace.worker.prepare.PrepareCall;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * What the loop is connected to.
 *
 * @param consumer of the lane's topic; {@code slots} is its listener
 * @param group the consumer's group
 * @param mailbox the loop's own
 * @param device mailbox of the device's thread
 * @param drops mailbox of the device's thread for rows to give up
 * @param pulses of the device's and the preparing threads
 * @param loader mailbox of the loader's thread
 * @param prepare mailbox of the preparing thread
 * @param delivery mailbox of the delivering thread
 * @param health where the loop publishes how it does
 */
public record LoopLinks(
    EventConsumer consumer,
    SlotWatch slots,
    String group,
    OutcomeStore outcomes,
    DeviceRegistry registry,
    CrashLedger ledger,
    ChunkStore chunks,
    Mailbox<Runnable> mailbox,
    Mailbox<DeviceBatch> device,
    Mailbox<RowDrop> drops,
    HangWatch.Pulses pulses,
    Mailbox<LoadCall> loader,
    Mailbox<PrepareCall> prepare,
    Mailbox<List<DeliveryCall>> delivery,
    WorkerMetrics metrics,
    HealthBoard health,
    LongSupplier nanos,
    InstantSource clock) {}
