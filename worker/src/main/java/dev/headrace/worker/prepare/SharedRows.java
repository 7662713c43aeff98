package dev.headrace.worker.prepare;

import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.ServedModel;
import java.util.List;

/**
 * Texts that several requests need the vectors of, to be run once.
 *
 * @param firstJob the request that needed them first
 * @param rows one per text
 */
public record SharedRows(long firstJob, ServedModel model, List<String> texts, List<Row> rows) {}
