package dev.headrace.worker.device;

/**
 * One measured run of a device.
 *
 * @param model name of the model
 * @param rows in the run
 * @param paddedLength tokens of each row, padding included; the mean where nothing is padded
 * @param tokens of all rows, padding not included
 * @param seconds of service
 */
public record ServiceSample(
    String model, int rows, int paddedLength, long tokens, double seconds) {}
