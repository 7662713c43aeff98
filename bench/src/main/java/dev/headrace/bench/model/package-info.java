/**
 * Encoders in Headrace's engine beside ONNX Runtime, which Java programs run today. The only
 * package that imports ONNX Runtime.
 */
@NullMarked
package dev.headrace.bench.model;

import org.jspecify.annotations.NullMarked;
