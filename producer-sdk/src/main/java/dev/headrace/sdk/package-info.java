/** Headrace SDK. */
@org.jspecify.annotations.NullMarked
package dev.headrace.sdk;
