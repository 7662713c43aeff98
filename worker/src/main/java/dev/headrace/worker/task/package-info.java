/**
 * What a request asks of a model: its body becomes rows, the rows' outputs become the response.
 * Pure but for the tokenizer; used by the preparing thread.
 */
@NullMarked
package dev.headrace.worker.task;

import org.jspecify.annotations.NullMarked;
