/**
 * What the router counts, for whoever scrapes it. The only package that imports Micrometer. Written
 * by the loop, read by the registry's threads.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.router.metrics;
