package dev.headrace.transport.redis;

import dev.headrace.protocol.service.DeviceReport;

/** The heartbeats of the workers that live. */
public interface DeviceRegistry extends HeartbeatRegistry<DeviceReport> {}
