package dev.headrace.worker.model.archive;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Archives that are kept for the next load, in a folder that threads and processes of one machine
 * share. It cleans itself when something is added: what nobody has used for long goes, then what
 * was used least recently, until the rest fits.
 *
 * <p>{@code CODE-KEY.pt} is a whole archive, for it appears by a hard link to a file that was
 * written and flushed before. Whoever loads one makes a link of its own first, {@code
 * own-TIME-ID.pt}, so nobody's cleaning takes it away; what a process leaves that is killed is such
 * a file too, and goes after an hour. Two that want the same key at once both make it, and the
 * first link stays.
 */
public final class ArchiveFolder implements Archives {
  private static final Logger LOG = LoggerFactory.getLogger(ArchiveFolder.class);

  /** Chosen: nothing is written or read for so long. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private static final String OWN = "own-";
  private static final String SUFFIX = ".pt";
  private static final String LOCK = "lock";

  private static final Set<PosixFilePermission> WRITABLE_BY_OTHERS =
      Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private final Path folder;
  private final String code;
  private final long maxBytes;
  private final Duration maxAge;
  private final InstantSource clock;

  private ArchiveFolder(
      Path folder, String code, long maxBytes, Duration maxAge, InstantSource clock) {
    this.folder = folder;
    this.code = code;
    this.maxBytes = maxBytes;
    this.maxAge = maxAge;
    this.clock = clock;
  }

  /**
   * Opens a folder, which is made if it is not there, and cleans it.
   *
   * @param code which code generates archives, {@link CodeRevision#ofGenerators}: what other code
   *     generated is not read
   * @param maxBytes of all that is kept; what is being loaded comes besides
   * @param maxAge since an archive was last used
   * @throws IOException when others may write into it, for archives are code
   */
  public static ArchiveFolder open(
      Path folder, String code, long maxBytes, Duration maxAge, InstantSource clock)
      throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(folder);
    if (permissions.stream().anyMatch(WRITABLE_BY_OTHERS::contains)) {
      throw new IOException(
          "%s: %s (expected: a folder that its owner alone may write to, for its files are code)"
              .formatted(folder, PosixFilePermissions.toString(permissions)));
    }
    ArchiveFolder archives = new ArchiveFolder(folder, code, maxBytes, maxAge, clock);
    archives.clean();
    return archives;
  }

  @Override
  public Archive open(String key, Writer writer) throws IOException {
    if (!key.matches("[0-9a-f]{8,128}")) {
      throw new IllegalArgumentException("key: " + key + " (expected: hexadecimal digits)");
    }
    Path kept = folder.resolve(code + "-" + key + SUFFIX);
    Path own = folder.resolve(OWN + clock.millis() + "-" + UUID.randomUUID() + SUFFIX);
    if (found(kept, own)) {
      LOG.debug("archive found key={}", key);
      return archive(own, kept, true);
    }
    try {
      writer.write(own);
      keep(own, kept);
      return archive(own, kept, false);
    } catch (IOException | RuntimeException | Error e) {
      Files.deleteIfExists(own);
      throw e;
    }
  }

  private static Archive archive(Path own, Path kept, boolean wasFound) {
    return new OwnFile(
        own,
        () -> {
          Files.deleteIfExists(kept);
          return wasFound;
        });
  }

  private boolean found(Path kept, Path own) throws IOException {
    try {
      Files.createLink(own, kept);
    } catch (NoSuchFileException e) {
      return false;
    }
    try {
      // Of the file, whatever name it has by now.
      Files.setLastModifiedTime(own, FileTime.from(clock.instant()));
    } catch (IOException e) {
      Files.deleteIfExists(own);
      throw e;
    }
    return true;
  }

  private void keep(Path own, Path kept) throws IOException {
    if (Files.size(own) > maxBytes) {
      return;
    }
    // Else a machine that loses power could keep the name of a file and half of what is in it.
    try (FileChannel channel = FileChannel.open(own, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.setLastModifiedTime(own, FileTime.from(clock.instant()));
    try {
      Files.createLink(kept, own);
      LOG.info("archive kept file={} bytes={}", kept, Files.size(own));
    } catch (FileAlreadyExistsException e) {
      LOG.debug("archive was kept by another file={}", kept);
    } catch (UnsupportedOperationException | IOException e) {
      LOG.warn("archive not kept file={} cause={}", kept, e.toString());
    }
    clean();
  }

  /** Whoever cleans does it for all; the others go on. */
  private void clean() throws IOException {
    try (FileChannel channel =
            FileChannel.open(
                folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        removeOld();
      }
    } catch (OverlappingFileLockException e) {
      LOG.debug("another thread cleans folder={}", folder);
    }
  }

  private record Kept(Path file, long bytes, Instant used) {}

  private void removeOld() throws IOException {
    Instant now = clock.instant();
    List<Kept> kept = new ArrayList<>();
    for (Path file : files()) {
      String name = String.valueOf(file.getFileName());
      if (name.startsWith(OWN)) {
        if (madeAt(name).isBefore(now.minus(ABANDONED))) {
          remove(file, "abandoned");
        }
        continue;
      }
      try {
        kept.add(new Kept(file, Files.size(file), Files.getLastModifiedTime(file).toInstant()));
      } catch (NoSuchFileException e) {
        LOG.debug("archive was discarded file={}", file);
      }
    }
    kept.sort(Comparator.comparing(Kept::used));
    long bytes = kept.stream().mapToLong(Kept::bytes).sum();
    for (Kept archive : kept) {
      boolean old = archive.used().isBefore(now.minus(maxAge));
      if (old || bytes > maxBytes) {
        remove(archive.file(), old ? "unused" : "no room");
        bytes -= archive.bytes();
      }
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(f -> f.toString().endsWith(SUFFIX)).toList();
    }
  }

  /** What has another name under this prefix is nobody's. */
  private static Instant madeAt(String name) {
    try {
      String time = name.substring(OWN.length());
      return Instant.ofEpochMilli(Long.parseLong(time.substring(0, time.indexOf('-'))));
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      return Instant.EPOCH;
    }
  }

  private static void remove(Path file, String why) throws IOException {
    if (Files.deleteIfExists(file)) {
      LOG.info("archive removed file={} reason={}", file, why);
    }
  }
}
