@org.jspecify.annotations.NullMarked
package dev.headrace.worker.generate.session;
