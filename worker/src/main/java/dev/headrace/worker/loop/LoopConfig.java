package dev.headrace.worker.loop;

import dev.headrace.worker.batch.BatchConfig;
import dev.headrace.worker.failure.RetryConfig;
import java.time.Duration;

/**
 * Settings of the loop.
 *
 * @param heartbeatInterval between heartbeats
 * @param warmUp longest time for measuring before work is taken; zero for none
 * @param storePause wait after Redis did not answer
 * @param stuckAfter how much longer than predicted the device may take; zero for ever
 * @param prepareThreads that read bodies and write responses
 */
public record LoopConfig(
    Identity identity,
    IntakeConfig intake,
    BatchConfig batch,
    RetryConfig retry,
    Duration heartbeatInterval,
    Duration warmUp,
    Duration streamInterval,
    Duration storePause,
    Duration stuckAfter,
    int prepareThreads) {}
