/** Headrace cli. */
@org.jspecify.annotations.NullMarked
package dev.headrace.cli;
