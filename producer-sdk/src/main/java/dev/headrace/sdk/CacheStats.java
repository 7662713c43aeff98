package dev.headrace.sdk;

/**
 * What the result cache did for a client, since it was started.
 *
 * @param nearHits requests that were answered with a result that the client itself kept
 * @param hits requests that were answered with a result from Redis before they were sent
 * @param misses requests that may be cached, and whose result was not there
 * @param nearEntries results that the client keeps now
 * @param nearBytes their size
 */
public record CacheStats(long nearHits, long hits, long misses, int nearEntries, long nearBytes) {}
