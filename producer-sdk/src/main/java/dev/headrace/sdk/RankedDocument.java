package dev.headrace.sdk;

import java.util.Optional;

/**
 * A document in a ranking.
 *
 * @param index its place in the request, from 0
 * @param score how well it answers the query; 0 to 1 unless the model was made to give others
 * @param document its text, where the request asked for it
 */
public record RankedDocument(int index, double score, Optional<String> document) {}
