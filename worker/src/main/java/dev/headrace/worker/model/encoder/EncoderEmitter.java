package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.Pooling;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.List;

/**
 * Builds the whole model: encoder, pooling, normalisation, so that only {@code [batch, hidden]}
 * leaves the device.
 *
 * <p>{@code forward(ids, types, lengths) -> vectors [batch, hidden] float32}. {@code ids [batch,
 * tokens] int32}, padded with any valid id; {@code types} like ids or empty; {@code lengths [batch]
 * int32}, tokens in each row, or empty where no row is padded: then nothing is masked.
 */
public final class EncoderEmitter {
  private static final List<EncoderArchitecture> ARCHITECTURES = List.of(new Bert());

  private EncoderEmitter() {}

  public static ScriptObject embeddingModel(
      EncoderConfig config, WeightSource weights, Target target, Pooling pooling, boolean normalise)
      throws IOException {
    Parts parts = new Parts(config, weights, target);
    ScriptObject encoder = architecture(config.modelType()).encoder(parts);
    String source = FORWARD + pooled(pooling) + (normalise ? NORMALISE : "  return v\n");
    return new ScriptObject(new ScriptClass("Model", source)).module("encoder", encoder);
  }

  private static EncoderArchitecture architecture(String modelType) throws IOException {
    for (EncoderArchitecture architecture : ARCHITECTURES) {
      if (architecture.modelType().equals(modelType)) {
        return architecture;
      }
    }
    List<String> known = ARCHITECTURES.stream().map(EncoderArchitecture::modelType).toList();
    throw new MalformedModelException(
        "model_type: " + modelType + " (expected: one of " + String.join(", ", known) + ")");
  }

  private static final String FORWARD =
      """
      def forward(self: __torch__.Model, ids: Tensor, types: Tensor, lengths: Tensor) -> Tensor:
        padded = torch.gt(torch.numel(lengths), 0)
        mask = annotate(Optional[Tensor], None)
        keep = lengths
        if padded:
          steps = torch.arange(torch.size(ids, 1), dtype=3, layout=None, device=ids.device)
          keep = torch.lt(torch.unsqueeze(steps, 0), torch.unsqueeze(lengths, 1))
          mask = torch.unsqueeze(torch.unsqueeze(keep, 1), 1)
        else:
          pass
        x = (self.encoder).forward(ids, types, mask)
      """;

  private static String pooled(Pooling pooling) {
    return switch (pooling) {
      case CLS -> "  v = torch.to(torch.select(x, 1, 0), 6)\n";
      case MEAN ->
          """
            if padded:
              weights = torch.div(torch.to(keep, 6), torch.unsqueeze(lengths, 1))
              v = torch.squeeze(torch.matmul(torch.unsqueeze(weights, 1), torch.to(x, 6)), 1)
            else:
              v = torch.mean(torch.to(x, 6), [1])
          """;
    };
  }

  private static final String NORMALISE =
      "  return torch.div(v, torch.clamp_min(torch.norm(v, 2, [1], True), 1e-12))\n";
}
