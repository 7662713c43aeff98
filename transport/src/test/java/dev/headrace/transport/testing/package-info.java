/**
 * Fakes of Kafka and Redis behind the transport's interfaces, for the tests of every module (as a
 * test-jar). The contract tests keep them honest: they run against the fakes and the real servers.
 * Thread-safe; nothing here waits.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.transport.testing;
