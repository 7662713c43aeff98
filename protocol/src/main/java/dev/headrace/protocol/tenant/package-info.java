/** What tenants may use, as an operator writes it down. */
@org.jspecify.annotations.NullMarked
package dev.headrace.protocol.tenant;
