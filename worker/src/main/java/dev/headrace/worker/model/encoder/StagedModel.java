package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensors;

/**
 * A model around a model, so that a batch is one copy to the GPU and one back and nobody waits: all
 * inputs lie in one tensor of the host, the output goes to another. With pinned memory both copies
 * are asynchronous, and the caller waits for an event behind them.
 *
 * <p>{@code forward(data, out, rows, tokens, packed, typed) -> out}:
 *
 * <ul>
 *   <li>{@code data [n] int32} on the host: {@code ids [rows * tokens]}, {@code lengths [rows]},
 *       {@code pack [packed]}, {@code types [rows * tokens]} if {@code typed};
 *   <li>{@code packed} real tokens in all, or 0 where no row is padded;
 *   <li>{@code out} on the host, with as many elements as the model gives, float32.
 * </ul>
 */
final class StagedModel {
  private StagedModel() {}

  /**
   * Wraps a model.
   *
   * @param packs whether it takes the places of the real tokens
   */
  static ScriptObject of(ScriptObject model, boolean packs) {
    String forward = FORWARD.replace("PACK", packs ? ", pack" : "");
    return new ScriptObject(new ScriptClass("Staged", forward))
        .tensor("anchor", Tensors.of(new float[1], 1))
        .module("model", model);
  }

  private static final String FORWARD =
      """
      def forward(self: __torch__.Staged, data: Tensor, out: Tensor, rows: int, tokens: int, packed: int, typed: bool) -> Tensor:
        d = torch.to(data, self.anchor.device, 3, True)
        cells = torch.mul(rows, tokens)
        end = torch.add(cells, rows)
        ids = torch.view(torch.slice(d, 0, 0, cells), [rows, tokens])
        pack = torch.slice(d, 0, end, torch.add(end, packed))
        if torch.gt(packed, 0):
          lengths = torch.slice(d, 0, cells, end)
        else:
          lengths = torch.slice(d, 0, 0, 0)
        if typed:
          first = torch.add(end, packed)
          types = torch.view(torch.slice(d, 0, first, torch.add(first, cells)), [rows, tokens])
        else:
          types = torch.slice(d, 0, 0, 0)
        y = (self.model).forward(ids, types, lengthsPACK)
        return torch.copy_(out, torch.view(y, torch.size(out)), True)
      """;
}
