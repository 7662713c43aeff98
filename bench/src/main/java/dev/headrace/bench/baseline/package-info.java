/**
 * The pipeline that a good programmer writes by hand in an afternoon: plain kafka-clients, two
 * hops, pipelined Jedis. No deadlines, no tiers, no routing, no batching, no retries, no
 * exactly-one outcome. Its four threads are made and ended here.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.bench.baseline;
