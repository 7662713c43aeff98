/**
 * What is done about errors: one switch over their kinds, the retries that follow, the records that
 * go to retry topics and dead letters. Pure; used by the loop.
 */
@NullMarked
package dev.headrace.worker.failure;

import org.jspecify.annotations.NullMarked;
