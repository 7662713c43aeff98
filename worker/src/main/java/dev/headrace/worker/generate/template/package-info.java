/**
 * Chat templates: the part of Jinja that the templates of language models use, interpreted as
 * transformers does it. Templates come with model files, so they are not trusted: an interpreter
 * has no access to Java objects, and a bound on its steps, its depth and its output. Thread-safe;
 * used by the preparing thread.
 */
@NullMarked
package dev.headrace.worker.generate.template;

import org.jspecify.annotations.NullMarked;
