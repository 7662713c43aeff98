/**
 * NVIDIA GPUs through JavaCPP's CUDA presets: the runtime (memory, events, peers) and NVML (what
 * devices there are and how they do). The only package that imports them. All native libraries are
 * optional: without them there are no GPUs, and {@link dev.headrace.worker.cuda.GpuLibraries} says
 * why. Calls of the runtime act on the calling thread's current device.
 */
@NullMarked
package dev.headrace.worker.cuda;

import org.jspecify.annotations.NullMarked;
