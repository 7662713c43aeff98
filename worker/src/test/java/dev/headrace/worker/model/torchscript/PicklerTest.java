package dev.headrace.worker.model.torchscript;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.model.weights.ElementType;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PicklerTest {
  @Test
  void integers_take_the_shortest_opcode_that_holds_them() {
    assertThat(integer(7)).containsExactly(0x80, 2, 'K', 7, '.');
    assertThat(integer(300)).containsExactly(0x80, 2, 'J', 0x2c, 1, 0, 0, '.');
    assertThat(integer(-1)).containsExactly(0x80, 2, 'J', 0xff, 0xff, 0xff, 0xff, '.');
    assertThat(integer(1L << 32)).containsExactly(0x80, 2, 0x8a, 8, 0, 0, 0, 0, 1, 0, 0, 0, '.');
  }

  @Test
  void a_tensor_is_rebuilt_from_its_storage_with_row_major_strides() {
    Pickler pickler = new Pickler();
    pickler.tensor(ElementType.BFLOAT16, "3", new long[] {2, 5});
    String bytes = new String(pickler.finish(), StandardCharsets.ISO_8859_1);
    assertThat(bytes)
        .isEqualTo(
            "\u0080\u0002ctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storage"
                + "ctorch\nBFloat16Storage\nX\u0001\0\0\0003X\u0003\0\0\0cpuK\ntQK\0"
                + "(K\u0002K\u0005t(K\u0005K\u0001t\u0089ccollections\nOrderedDict\n)RtR.");
  }

  private static int[] integer(long value) {
    Pickler pickler = new Pickler();
    pickler.integer(value);
    byte[] bytes = pickler.finish();
    int[] unsigned = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      unsigned[i] = bytes[i] & 0xff;
    }
    return unsigned;
  }
}
