package dev.headrace.worker.model;

import dev.headrace.worker.model.weights.ByteRegion;
import dev.headrace.worker.model.weights.OnnxWeights;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A model's files among the class path's resources: an ONNX file and a tokenizer. */
final class ClassPathFiles implements ModelFiles {
  private static final int BUFFER = 1 << 16;
  private static final int REVISION_DIGITS = 12;

  private final String onnx;
  private final String tokenizer;

  ClassPathFiles(String onnx, String tokenizer) {
    this.onnx = onnx;
    this.tokenizer = tokenizer;
  }

  @Override
  public boolean builtIn() {
    return true;
  }

  /**
   * The ONNX file is unpacked and mapped; on Linux the mapping outlives the file, so nothing is
   * left behind whatever happens later.
   */
  @Override
  public WeightSource openWeights() throws IOException {
    Path file = Files.createTempFile("headrace-", ".onnx");
    try (InputStream in = open(onnx)) {
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
      return OnnxWeights.read(ByteRegion.map(file));
    } finally {
      Files.deleteIfExists(file);
    }
  }

  @Override
  public String tokenizerJson() throws IOException {
    try (InputStream in = open(tokenizer)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** The first digits of the SHA-256 over both files. */
  String revision() throws IOException {
    MessageDigest digest = sha256();
    byte[] buffer = new byte[BUFFER];
    for (String name : new String[] {onnx, tokenizer}) {
      try (InputStream in = open(name)) {
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          digest.update(buffer, 0, read);
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, REVISION_DIGITS);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static InputStream open(String name) throws IOException {
    InputStream in = ClassPathFiles.class.getResourceAsStream("/" + name);
    if (in == null) {
      throw new FileNotFoundException(
          name + " is not on the class path (expected: the model's Maven artifact)");
    }
    return in;
  }
}
