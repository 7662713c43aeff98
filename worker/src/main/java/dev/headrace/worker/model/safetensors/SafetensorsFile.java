package dev.headrace.worker.model.safetensors;

import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.ByteRegion;
import dev.headrace.worker.model.weights.ElementType;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.StoredTensor;
import dev.headrace.worker.model.weights.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** One safetensors file. Its header is read and checked when it is opened, its tensors later. */
public final class SafetensorsFile {
  private final ByteRegion region;
  private final SafetensorsHeader header;

  private SafetensorsFile(ByteRegion region, SafetensorsHeader header) {
    this.region = region;
    this.header = header;
  }

  /** Maps a file; it may be longer than 2 GiB. */
  public static SafetensorsFile map(Path file) throws IOException {
    return read(ByteRegion.map(file));
  }

  public static SafetensorsFile read(ByteRegion region) throws MalformedModelException {
    return new SafetensorsFile(region, SafetensorsHeader.read(region));
  }

  public Set<String> names() {
    return header.entries().keySet();
  }

  /** The size of the tensor's dimensions, also of a type that cannot be read. */
  public Optional<long[]> shape(String name) {
    return Optional.ofNullable(header.entries().get(name)).map(StoredEntry::sizes);
  }

  /**
   * The tensor of that name, of which nothing is read yet.
   *
   * @throws MalformedModelException when its type cannot be read; names tensor and type
   */
  public Optional<Tensor> find(String name) throws MalformedModelException {
    StoredEntry entry = header.entries().get(name);
    if (entry == null) {
      return Optional.empty();
    }
    StoredType stored = StoredType.named(entry.type());
    ElementType type = stored == null ? null : stored.elementType();
    if (type == null) {
      throw new MalformedModelException(
          region.name()
              + ": tensor "
              + StrictJson.quoted(name)
              + " is of type "
              + StrictJson.quoted(entry.type())
              + " (expected: F32, F16, BF16, I64, I32, I8, U8 or BOOL)");
    }
    long offset = header.dataStart() + entry.begin();
    return Optional.of(new StoredTensor(region, offset, type, entry.sizes()));
  }
}
