/**
 * What the integration tests of all modules share: Kafka and Redis, embedded or in containers.
 *
 * <p>In the test-jar of {@code headrace-embedded}. A module that uses it has in test scope {@code
 * headrace-embedded} twice (the jar and {@code <type>test-jar</type>}) and {@code
 * testcontainers-kafka}, for Maven does not pass test dependencies on. Called on the thread of the
 * test.
 */
@NullMarked
package dev.headrace.embedded.testing;

import org.jspecify.annotations.NullMarked;
