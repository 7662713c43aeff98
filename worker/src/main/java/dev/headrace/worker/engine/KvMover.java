package dev.headrace.worker.engine;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import dev.headrace.worker.engine.KvRuns.Move;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensors;

/** Copies slots within a KV cache, over all layers at once. */
final class KvMover implements AutoCloseable {
  /** Most slots copied at a time where source and target overlap: bounds what the copy takes. */
  private static final long PIECE = 2048;

  private final PtSymbolBlock block;

  KvMover(PtSymbolBlock block) {
    this.block = block;
  }

  static ScriptObject script() {
    return new ScriptObject(new ScriptClass("Mover", FORWARD))
        .tensor("anchor", Tensors.of(new float[1], 1));
  }

  void move(IValue kv, Move move, int blockTokens) {
    copy(
        kv,
        (long) move.from() * blockTokens,
        (long) move.to() * blockTokens,
        (long) move.count() * blockTokens);
  }

  /** Copies slots as if through a buffer, whether they overlap or not. */
  void copy(IValue kv, long from, long to, long count) {
    try (IValue source = IValue.from(from);
        IValue target = IValue.from(to);
        IValue slots = IValue.from(count);
        IValue piece = IValue.from(Math.abs(from - to) < count ? PIECE : 0)) {
      block.forward(kv, source, target, slots, piece).close();
    }
  }

  @Override
  public void close() {
    block.close();
  }

  /** {@code piece} is 0 where nothing overlaps. Pieces go in the direction that spares the rest. */
  private static final String FORWARD =
      """
      def forward(self: __torch__.Mover, kv: Tensor, source: int, target: int, count: int, piece: int) -> Tensor:
        if torch.eq(piece, 0):
          _0 = torch.copy_(torch.slice(kv, 1, target, torch.add(target, count)), torch.slice(kv, 1, source, torch.add(source, count)))
        else:
          pieces = torch.floordiv(torch.sub(torch.add(count, piece), 1), piece)
          for i in range(pieces):
            if torch.lt(target, source):
              at = torch.mul(i, piece)
            else:
              at = torch.mul(torch.sub(torch.sub(pieces, 1), i), piece)
            end = ops.prim.min(torch.add(at, piece), count)
            part = torch.clone(torch.slice(kv, 1, torch.add(source, at), torch.add(source, end)))
            _1 = torch.copy_(torch.slice(kv, 1, torch.add(target, at), torch.add(target, end)), part)
        return self.anchor
      """;
}
