package dev.headrace.transport.redis;

import dev.headrace.protocol.service.RouterReport;

/** The heartbeats of the routers that live. */
public interface RouterRegistry extends HeartbeatRegistry<RouterReport> {}
