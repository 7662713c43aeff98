/** Headrace embedded. */
@org.jspecify.annotations.NullMarked
package dev.headrace.embedded;
