package dev.headrace.worker.model.ready;

import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** A look at a {@code .pt} before libtorch gets it: by names and sizes alone, nothing is read. */
final class ScriptFile {
  /** Code is compressed, tensors are not. */
  private static final long MAX_CODE_BYTES = 256L << 20;

  private static final int MAX_ENTRIES = 1_000_000;

  private ScriptFile() {}

  /**
   * Refuses what is no TorchScript: most often a pickle of weights, which has the same ending.
   *
   * @throws MalformedModelException says what is missing
   */
  static void check(Path file) throws IOException {
    String name = String.valueOf(file.getFileName());
    if (!Files.isRegularFile(file)) {
      throw new MalformedModelException(name + ": no such file (expected: TorchScript)");
    }
    boolean code = false;
    boolean data = false;
    long packed = 0;
    try (ZipFile zip = new ZipFile(file.toFile())) {
      if (zip.size() > MAX_ENTRIES) {
        throw new MalformedModelException(
            name + ": " + zip.size() + " entries (expected: at most " + MAX_ENTRIES + ")");
      }
      for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
        ZipEntry entry = all.nextElement();
        String inside = entry.getName().substring(entry.getName().indexOf('/') + 1);
        code |= inside.startsWith("code/") && inside.endsWith(".py");
        data |= inside.equals("data.pkl");
        if (entry.getMethod() != ZipEntry.STORED) {
          packed += Math.max(0, entry.getSize());
        }
      }
    } catch (ZipException | IllegalArgumentException e) {
      throw new MalformedModelException(
          name + ": " + e.getMessage() + " (expected: the zip that torch.jit.save writes)");
    }
    if (!code) {
      throw new MalformedModelException(
          name
              + ": no code/ in it (expected: TorchScript by torch.jit.save; torch.save writes"
              + " pickle, which is never read)");
    }
    if (!data) {
      throw new MalformedModelException(name + ": no data.pkl in it (expected: TorchScript)");
    }
    if (packed > MAX_CODE_BYTES) {
      throw new MalformedModelException(
          name
              + ": compressed entries of "
              + packed
              + " bytes (expected: at most "
              + MAX_CODE_BYTES
              + "; tensors are stored)");
    }
  }
}
