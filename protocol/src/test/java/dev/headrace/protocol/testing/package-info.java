/** What the protocol's own tests share: random values and the readable form of golden records. */
@org.jspecify.annotations.NullMarked
package dev.headrace.protocol.testing;
