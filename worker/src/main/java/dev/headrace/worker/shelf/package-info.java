/**
 * Which models are loaded, and which go to make room for others. Pure: knows names, sizes and
 * times, no thread and no file. The loop asks it what to do next and tells it what became of that.
 */
@NullMarked
package dev.headrace.worker.shelf;

import org.jspecify.annotations.NullMarked;
