package dev.headrace.worker.engine;

import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the time of a packed encoder's layer goes at most: each of its kernels alone, again and
 * again, on random data in bf16. A layer takes the sum of them or more, so they say what a model
 * could reach that did nothing else.
 *
 * @param tokens of the batch
 * @param row tokens of each row, which the attention sees
 */
public record LayerCeilings(int tokens, int row, int hidden, int heads, int inner) {
  /** A kernel; it runs {@code operations} if it is a matrix product. */
  private record Piece(String setUp, String body, double operations) {}

  /** Seconds of each kernel, by name. */
  public Map<String, Double> seconds(TorchEngine engine) {
    Map<String, Double> seconds = new LinkedHashMap<>();
    scripts()
        .forEach(
            (name, script) -> {
              try (ScriptRun run = engine.script(script)) {
                seconds.put(name, DeviceCeilings.sustained(run));
              }
            });
    return seconds;
  }

  /** Operations of the matrix products of a layer, by name. */
  public Map<String, Double> operations() {
    Map<String, Double> operations = new LinkedHashMap<>();
    pieces()
        .forEach(
            (name, piece) -> {
              if (piece.operations > 0) {
                operations.put(name, piece.operations);
              }
            });
    return operations;
  }

  private Map<String, Piece> pieces() {
    Map<String, Piece> pieces = new LinkedHashMap<>();
    String out = "_0 = torch.addmm(v, a, torch.t(w), out=c)";
    String gelu = "_0 = torch._addmm_activation(v, a, torch.t(w), use_gelu=True, out=c)";
    String onto = "_0 = torch.addmm_(c, a, torch.t(w))";
    pieces.put("qkv", product(hidden, 3 * hidden, out));
    pieces.put("out", product(hidden, hidden, onto));
    pieces.put("up", product(hidden, inner, gelu));
    pieces.put("down", product(inner, hidden, onto));
    pieces.put(
        "norm",
        new Piece(
            normal("c", tokens, hidden) + normal("v", hidden),
            "c = torch.layer_norm(c, [%d], v, v, 1e-12)".formatted(hidden),
            0));
    pieces.put("attention", attention());
    return pieces;
  }

  private Piece product(int in, int out, String body) {
    String data =
        normal("a", tokens, in)
            + normal("w", out, in)
            + normal("v", out)
            + "  c = torch.zeros([%d, %d], dtype=15, layout=None, device=d)\n"
                .formatted(tokens, out);
    return new Piece(data, body, 2.0 * tokens * in * out);
  }

  private Piece attention() {
    String data =
        normal("qkv", tokens, 3, heads, hidden / heads)
            + "  c, k, v, = torch.unbind(qkv, 1)\n"
            + "  s = torch.arange(0, %d, %d, dtype=3, layout=None, device=d)\n"
                .formatted(tokens + 1, row);
    String body =
        "c, _0, _1, _2, _3, = torch._flash_attention_forward(c, k, v, s, s, %d, %d, 0., False, False)"
            .formatted(row, row);
    return new Piece(data, body, 0);
  }

  private static String normal(String name, int... shape) {
    return "  %s = torch.mul(torch.randn(%s, dtype=15, layout=None, device=d), 0.05)\n"
        .formatted(name, Arrays.toString(shape));
  }

  /** What is run, by name. */
  Map<String, ScriptObject> scripts() {
    Map<String, ScriptObject> scripts = new LinkedHashMap<>();
    pieces().forEach((name, piece) -> scripts.put(name, script(piece)));
    return scripts;
  }

  private static ScriptObject script(Piece piece) {
    String forward =
        "def forward(self: __torch__.Piece, times: int) -> Tensor:\n  d = self.anchor.device\n"
            + piece.setUp
            + "  for i in range(times):\n    "
            + piece.body
            + "\n  return c\n";
    return new ScriptObject(new ScriptClass("Piece", forward))
        .tensor("anchor", Tensors.of(new float[1], 1));
  }
}
