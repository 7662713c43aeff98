/** Headrace protocol. */
@org.jspecify.annotations.NullMarked
package dev.headrace.protocol;
