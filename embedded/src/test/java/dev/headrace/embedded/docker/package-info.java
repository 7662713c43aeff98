/**
 * Holds the folder {@code docker} to the repository: every file, path, port and variable that its
 * Dockerfiles, compose file and Prometheus configuration name must exist. No container engine is
 * needed. Here, because this module has Kafka's own settings and a YAML parser on its class path.
 */
@NullMarked
package dev.headrace.embedded.docker;

import org.jspecify.annotations.NullMarked;
