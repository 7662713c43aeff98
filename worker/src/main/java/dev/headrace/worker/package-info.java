/** Headrace worker. */
@org.jspecify.annotations.NullMarked
package dev.headrace.worker;
