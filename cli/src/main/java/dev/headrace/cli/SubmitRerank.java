package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.sdk.Request;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Documents in the order in which they answer a query. */
@Command(
    name = "rerank",
    description = "Documents in the order in which they answer a query.",
    mixinStandardHelpOptions = true)
final class SubmitRerank implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin SubmitOptions common = new SubmitOptions();

  @Option(names = "--query", required = true, description = "What the documents are to answer.")
  String query = "";

  @Option(
      names = "--document",
      required = true,
      description = "Document; may be given several times.")
  List<String> documents = List.of();

  @Option(names = "--top", paramLabel = "N", description = "Name only the N best.")
  @Nullable Integer top;

  @Override
  public Integer call() throws InterruptedException, ExecutionException {
    Request request = Request.rerank(common.model, query, documents).returnDocuments();
    if (top != null) {
      request = request.topN(top);
    }
    return common.run(request, Task.RERANK, spec);
  }
}
