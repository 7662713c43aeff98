package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class LayerCeilingsIT {
  private final LayerCeilings layer = new LayerCeilings(64, 16, 32, 4, 128);

  /** They run on GPUs only; that libtorch reads them can be seen here. */
  @Test
  void every_kernel_is_a_script_that_libtorch_reads() {
    ComputeDevice cpu = DeviceInventory.cpu();
    try (TorchEngine engine = TorchEngine.open(cpu, 1)) {
      assertThat(layer.scripts())
          .containsOnlyKeys("qkv", "out", "up", "down", "norm", "attention")
          .allSatisfy((name, script) -> engine.script(script).close());
    }
  }

  @Test
  void products_have_the_operations_of_a_layer() {
    Map<String, Double> operations = layer.operations();
    double all = operations.values().stream().mapToDouble(Double::doubleValue).sum();
    assertThat(operations).containsOnlyKeys("qkv", "out", "up", "down");
    assertThat(all).isEqualTo(2.0 * 64 * (4 * 32 * 32 + 2 * 32 * 128));
  }
}
