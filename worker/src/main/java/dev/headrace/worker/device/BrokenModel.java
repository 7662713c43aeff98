package dev.headrace.worker.device;

import dev.headrace.protocol.Failure;

/**
 * A model that was asked for and cannot be served, beside others that can.
 *
 * @param name in requests
 * @param failure why
 */
public record BrokenModel(String name, Failure failure) {}
