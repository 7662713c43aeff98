package dev.headrace.worker.cuda;

import java.util.Locale;

/** Makes device types, which are parts of topic names, of what makers call their products. */
public final class DeviceTypeNames {
  private static final String MAKER = "nvidia-";

  private DeviceTypeNames() {}

  /** {@code NVIDIA A100-SXM4-80GB} is {@code nvidia-a100-sxm4-80gb}; {@code Tesla T4} nvidia-t4. */
  public static String of(String product) {
    String plain =
        product
            .toLowerCase(Locale.ROOT)
            .replace("tesla ", "")
            .replace("geforce ", "")
            .replaceAll("[^a-z0-9.]+", "-")
            .replaceAll("^-+|-+$", "");
    if (plain.isEmpty()) {
      plain = "gpu";
    }
    return plain.startsWith(MAKER) ? plain : MAKER + plain;
  }
}
