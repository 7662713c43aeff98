package dev.headrace.worker.model.safetensors;

import dev.headrace.worker.model.weights.ElementType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The element types of the format (safetensors 0.8, {@code Dtype}), with their size in bits. Those
 * without an {@link ElementType} can be in a file but not be read.
 */
enum StoredType {
  F32(32, ElementType.FLOAT32),
  F16(16, ElementType.FLOAT16),
  BF16(16, ElementType.BFLOAT16),
  I64(64, ElementType.INT64),
  I32(32, ElementType.INT32),
  I8(8, ElementType.INT8),
  U8(8, ElementType.UINT8),
  BOOL(8, ElementType.BOOL),
  F64(64, null),
  C64(64, null),
  U64(64, null),
  U32(32, null),
  I16(16, null),
  U16(16, null),
  F8_E4M3(8, null),
  F8_E5M2(8, null),
  F8_E8M0(8, null),
  F8_E4M3FNUZ(8, null),
  F8_E5M2FNUZ(8, null),
  F6_E2M3(6, null),
  F6_E3M2(6, null),
  F4(4, null);

  private static final Map<String, StoredType> BY_NAME = byName();

  private final int bits;
  private final @Nullable ElementType elementType;

  StoredType(int bits, @Nullable ElementType elementType) {
    this.bits = bits;
    this.elementType = elementType;
  }

  private static Map<String, StoredType> byName() {
    Map<String, StoredType> types = new HashMap<>();
    for (StoredType type : values()) {
      types.put(type.name(), type);
    }
    return types;
  }

  /** The type of that name, or null: a newer version of the format may have more. */
  static @Nullable StoredType named(String name) {
    return BY_NAME.get(name);
  }

  int bits() {
    return bits;
  }

  @Nullable ElementType elementType() {
    return elementType;
  }
}
