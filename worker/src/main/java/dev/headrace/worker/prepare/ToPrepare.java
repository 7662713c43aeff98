package dev.headrace.worker.prepare;

import dev.headrace.protocol.InferenceRequest;
import dev.headrace.worker.device.ServedModel;

/** A request whose body is to be read. */
public record ToPrepare(long job, InferenceRequest request, ServedModel model) {}
