package dev.headrace.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The router's decision about a request.
 *
 * @param lane the pool that shall run it
 * @param deviceType the type of that pool's devices
 * @param reason why this device type, as in {@code cheapest_in_time}
 * @param cacheKey the key of its result in the cache, which it leads; null when not cached
 */
public record Assignment(
    String lane, String deviceType, String reason, @Nullable String cacheKey) {}
