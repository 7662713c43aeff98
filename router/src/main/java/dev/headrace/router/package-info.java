/** Headrace router. */
@org.jspecify.annotations.NullMarked
package dev.headrace.router;
