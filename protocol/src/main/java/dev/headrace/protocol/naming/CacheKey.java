package dev.headrace.protocol.naming;

import dev.headrace.protocol.Task;
import java.nio.charset.StandardCharsets;

/** The key under which identical requests meet. */
public final class CacheKey {
  private CacheKey() {}

  /**
   * The digest of model, revision, task and body. The body holds the parameters and the input;
   * identical means identical bytes, which is why the SDK writes bodies with their fields in a
   * fixed order.
   */
  public static String of(String model, String revision, Task task, byte[] body) {
    return Digests.sha256(
        model.getBytes(StandardCharsets.UTF_8),
        revision.getBytes(StandardCharsets.UTF_8),
        task.wireName().getBytes(StandardCharsets.UTF_8),
        body);
  }
}
