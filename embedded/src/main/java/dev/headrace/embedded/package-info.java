/**
 * A real Kafka broker inside this JVM and a real redis-server as its child process, for the
 * all-in-one program ({@code headrace demo}, {@code headrace up}), the benchmarks and the
 * integration tests.
 *
 * <p>Both listen on 127.0.0.1 only, on free ports, keep their data in one temporary folder each and
 * are gone, with the folders, when they are closed or when this JVM ends, however it ends. Linux
 * and macOS: a POSIX shell is needed.
 *
 * <p>Called by {@code cli}, {@code bench} and the tests of every module, from any one thread;
 * start, stop and close of one object exclude each other. Threads of ours: {@code
 * embedded-kafka-stop} for the time of a stop, {@code embedded-redis-log} while Redis runs, {@code
 * embedded-servers-exit} as the JVM's shutdown hook; the broker has its own. This is the only
 * package of the module that imports the Kafka broker and embedded-redis.
 */
@NullMarked
package dev.headrace.embedded;

import org.jspecify.annotations.NullMarked;
