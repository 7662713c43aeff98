package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ChatMessage;
import dev.headrace.sdk.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The assistant's answer to a message. */
@Command(
    name = "chat",
    description = "The assistant's answer to a message.",
    mixinStandardHelpOptions = true)
final class SubmitChat implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin GenerateOptions options = new GenerateOptions();

  @Option(names = "--system", description = "What the assistant shall be.")
  @Nullable String system;

  @Option(names = "--message", required = true, description = "What the user says.")
  String message = "";

  @Override
  public Integer call() throws InterruptedException, ExecutionException {
    List<ChatMessage> messages = new ArrayList<>();
    if (system != null) {
      messages.add(ChatMessage.system(system));
    }
    messages.add(ChatMessage.user(message));
    Request request = Request.chat(options.common.model, messages);
    return options.run(request, Task.CHAT_COMPLETIONS, spec);
  }
}
