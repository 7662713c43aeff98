/** The JSON bodies of requests and responses, in OpenAI's shapes. Strict, bounded, pure. */
@org.jspecify.annotations.NullMarked
package dev.headrace.protocol.body;
