package dev.headrace.worker.model.torchscript;

import dev.headrace.worker.model.weights.Tensor;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a model as a TorchScript archive. Tensors are read and written in pieces, so a model may
 * be larger than the heap. The same model gives the same bytes.
 */
public final class TorchScriptArchive {
  private final Pickler pickler = new Pickler();
  private final List<Tensor> storages = new ArrayList<>();
  private final Map<String, String> sources = new LinkedHashMap<>();

  private TorchScriptArchive() {}

  /** Writes {@code model}, whose class has {@code forward}, to {@code file}, replacing it. */
  public static void write(ScriptObject model, Path file) throws IOException {
    TorchScriptArchive archive = new TorchScriptArchive();
    archive.object(model);
    try (FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING);
        StoredZip zip = new StoredZip(channel)) {
      archive.writeEntries(zip);
    }
  }

  private void writeEntries(StoredZip zip) throws IOException {
    zip.add("m/data.pkl", pickler.finish());
    zip.add("m/byteorder", ascii("little"));
    for (int i = 0; i < storages.size(); i++) {
      Tensor tensor = storages.get(i);
      zip.add("m/data/" + i, tensor.byteSize(), tensor::writeTo);
    }
    zip.add("m/code/__torch__.py", ascii(String.join("", sources.values())));
    Pickler constants = new Pickler();
    constants.emptyTuple();
    zip.add("m/constants.pkl", constants.finish());
    zip.add("m/version", ascii("3\n"));
  }

  private void object(ScriptObject object) {
    declare(object);
    pickler.global("__torch__", object.type().name());
    pickler.emptyTuple();
    pickler.newObject();
    if (object.state().isEmpty()) {
      attributes(object);
    } else {
      pickler.mark();
      object.state().forEach(this::tensor);
      pickler.tuple();
    }
    pickler.build();
  }

  private void attributes(ScriptObject object) {
    pickler.emptyDict();
    pickler.mark();
    object
        .tensors()
        .forEach(
            (name, tensor) -> {
              pickler.string(name);
              tensor(tensor);
            });
    object
        .modules()
        .forEach(
            (name, module) -> {
              pickler.string(name);
              object(module);
            });
    pickler.setItems();
  }

  private void declare(ScriptObject object) {
    String source = object.source();
    String known = sources.putIfAbsent(object.type().name(), source);
    if (known != null && !known.equals(source)) {
      throw new IllegalArgumentException(
          "class " + object.type().name() + " has objects that differ in their attributes");
    }
  }

  private void tensor(Tensor tensor) {
    pickler.tensor(tensor.type(), Integer.toString(storages.size()), tensor.shape());
    storages.add(tensor);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
