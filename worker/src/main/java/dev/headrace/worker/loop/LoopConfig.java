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
 * @param longestSilence how long the device may have work and give no sign
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
    Duration longestSilence,
    int prepareThreads) {}
