package dev.headrace.bench.gpu;

import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.torchscript.TorchScriptArchive;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * TorchScript that a person might bring, with a mistake in it: one word makes a kernel read memory
 * that is nobody's, another one makes it use an index that is out of range. On a GPU the first is
 * CUDA's error 700 (illegal address), the second 710 (device-side assertion), and either ends the
 * use of the device by the process. On the CPU both are errors of the one batch.
 */
final class TrapModel {
  static final String NAME = "trap";

  /** The word for error 700. */
  static final String ADDRESS = "address";

  /** The word for error 710. */
  static final String ASSERTION = "assertion";

  private static final List<String> WORDS = List.of("unknown", "plain", ADDRESS, ASSERTION);

  private static final String SIDECAR =
      """
      {"format": "torchscript", "task": "embeddings", "inputs": ["input_ids", "attention_mask"],
       "outputs": ["vector"], "vocab_size": 4, "max_tokens": 64, "hidden_size": 4,
       "pooling": "none", "normalize": true}
      """;

  /** FlashAttention takes where rows begin as it is told; index_select looks, on the device. */
  private static final String FORWARD =
      """
      def forward(self: __torch__.Trap, ids: Tensor, mask: Tensor) -> Tensor:
        if bool(torch.any(torch.eq(ids, 2))):
          q = torch.to(torch.view(torch.index_select(self.table, 0, torch.mul(torch.view(ids, [-1]), 0)), [-1, 1, 64]), 5)
          _0 = torch.to(torch.mul(torch.slice(torch.view(ids, [-1]), 0, 0, 2), 0), 3)
          starts = torch.add(torch.mul(torch.cumsum(torch.add(_0, 1), 0, dtype=3), 64), 1000000000)
          a, _1, _2, _3, _4, = torch._flash_attention_forward(q, q, q, starts, starts, 64, 64, 0., False, False)
          extra = torch.to(torch.sum(a), 6)
        else:
          extra = torch.to(torch.sum(torch.mul(ids, 0)), 6)
        at = torch.mul(torch.to(torch.eq(ids, 3), 4), 1000000000)
        rows = torch.view(torch.index_select(self.table, 0, torch.view(at, [-1])), [torch.size(ids, 0), torch.size(ids, 1), 64])
        vector = torch.slice(torch.sum(rows, [1]), 1, 0, 4)
        return torch.add(vector, extra)
      """;

  private TrapModel() {}

  /** Writes the model's folder into another. */
  static void write(Path parent) throws IOException {
    Path folder = Files.createDirectory(parent.resolve(NAME));
    Files.writeString(folder.resolve("headrace.json"), SIDECAR);
    Files.writeString(folder.resolve("tokenizer.json"), WordLevel.json(WORDS));
    float[] table = new float[2 * 64];
    for (int i = 0; i < table.length; i++) {
      table[i] = 1 + i % 5;
    }
    TorchScriptArchive.write(
        new ScriptObject(new ScriptClass("Trap", FORWARD))
            .tensor("table", Tensors.of(table, 2, 64)),
        folder.resolve("model.pt"));
  }
}
