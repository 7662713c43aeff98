package dev.headrace.cli.stack;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Where {@code headrace up} leaves its addresses so that {@code headrace submit} in another
 * terminal finds them: a properties file in a folder that only this user may read.
 */
public final class StackFile {
  private final Path folder;
  private final Path file;

  /** The file of this user. */
  public StackFile() {
    this(
        Path.of(
            System.getProperty("java.io.tmpdir"), "headrace-" + System.getProperty("user.name")));
  }

  StackFile(Path folder) {
    this.folder = folder;
    this.file = folder.resolve("up.properties");
  }

  /** Writes the addresses, as settings. */
  public void write(Map<String, String> settings) throws IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    if (!Files.getOwner(folder).getName().equals(System.getProperty("user.name"))) {
      throw new IOException(folder + " belongs to " + Files.getOwner(folder));
    }
    Properties properties = new Properties();
    properties.putAll(settings);
    try (Writer writer = Files.newBufferedWriter(file)) {
      properties.store(writer, "addresses of the running headrace up");
    }
  }

  /** The addresses of a stack that runs, or nothing. */
  public Map<String, String> read() {
    if (!Files.isRegularFile(file)) {
      return Map.of();
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException e) {
      return Map.of(); // the stack stopped in this moment
    }
    Map<String, String> settings = new TreeMap<>();
    properties.stringPropertyNames().forEach(k -> settings.put(k, properties.getProperty(k)));
    return settings;
  }

  /** Removes the file and its folder. */
  public void delete() throws IOException {
    Files.deleteIfExists(file);
    Files.deleteIfExists(folder);
  }
}
