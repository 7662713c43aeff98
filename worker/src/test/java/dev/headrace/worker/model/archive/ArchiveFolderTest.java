package dev.headrace.worker.model.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.archive.Archives.Archive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveFolderTest {
  private static final int SIZE = 1000;

  @TempDir private Path temporary;

  private final AtomicInteger made = new AtomicInteger();
  private Instant now = Instant.parse("2026-11-26T12:00:00Z");

  private ArchiveFolder open(long maxBytes) throws IOException {
    return open("c0de", maxBytes);
  }

  private ArchiveFolder open(String code, long maxBytes) throws IOException {
    return ArchiveFolder.open(
        temporary.resolve("kept"), code, maxBytes, Duration.ofDays(2), () -> now);
  }

  private static String key(int i) {
    return "%08x".formatted(i);
  }

  private static byte[] content(int i) {
    byte[] content = new byte[SIZE];
    new Random(i).nextBytes(content);
    return content;
  }

  private Archive get(Archives archives, int i) throws IOException {
    return archives.open(
        key(i),
        file -> {
          made.incrementAndGet();
          Files.write(file, content(i));
        });
  }

  private void use(Archives archives, int i) throws IOException {
    try (Archive archive = get(archives, i)) {
      assertThat(archive.file()).hasBinaryContent(content(i));
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.list(temporary.resolve("kept"))) {
      return all.map(f -> f.getFileName().toString())
          .filter(n -> n.endsWith(".pt"))
          .sorted()
          .toList();
    }
  }

  private static List<String> names(int... keys) {
    return Arrays.stream(keys).mapToObj(i -> "c0de-" + key(i) + ".pt").toList();
  }

  @Test
  void what_was_made_once_is_found_by_others() throws Exception {
    use(open(10 * SIZE), 1);
    use(open(10 * SIZE), 1);
    assertThat(made).hasValue(1);
    assertThat(files()).isEqualTo(names(1));
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(temporary.resolve("kept"))))
        .isEqualTo("rwx------");
  }

  @Test
  void what_other_code_made_is_not_read() throws Exception {
    use(open("c0de", 10 * SIZE), 1);
    use(open("c0de2", 10 * SIZE), 1);
    assertThat(made).hasValue(2);
  }

  @Test
  void least_recently_used_goes_when_there_is_no_room() throws Exception {
    ArchiveFolder folder = open(2 * SIZE);
    for (int i = 1; i <= 2; i++) {
      use(folder, i);
      now = now.plusSeconds(10);
    }
    use(folder, 1);
    now = now.plusSeconds(10);
    use(folder, 3);
    assertThat(files()).isEqualTo(names(1, 3));
  }

  @Test
  void one_that_does_not_fit_is_used_and_not_kept() throws Exception {
    ArchiveFolder folder = open(SIZE - 1);
    use(folder, 1);
    use(folder, 1);
    assertThat(made).hasValue(2);
    assertThat(files()).isEmpty();
  }

  @Test
  void unused_ones_go_with_time() throws Exception {
    ArchiveFolder folder = open(10 * SIZE);
    use(folder, 1);
    use(folder, 2);
    now = now.plus(Duration.ofHours(47));
    use(folder, 2);
    now = now.plus(Duration.ofHours(2));
    use(folder, 3);
    assertThat(files()).isEqualTo(names(2, 3));
  }

  @Test
  void one_that_is_being_loaded_stays_whatever_others_do() throws Exception {
    ArchiveFolder folder = open(SIZE);
    try (Archive archive = get(folder, 1)) {
      use(folder, 2);
      assertThat(files()).containsAll(names(2)).doesNotContainAnyElementsOf(names(1));
      assertThat(archive.file()).hasBinaryContent(content(1));
    }
    assertThat(files()).isEqualTo(names(2));
  }

  @Test
  void what_a_killed_process_left_goes_after_an_hour() throws Exception {
    ArchiveFolder folder = open(10 * SIZE);
    Archive neverClosed = get(folder, 1);
    Files.write(temporary.resolve("kept/own-odd.pt"), content(9));
    assertThat(files()).hasSize(3);
    now = now.plus(Duration.ofMinutes(61));
    use(folder, 2);
    assertThat(files()).isEqualTo(names(1, 2));
    assertThat(neverClosed.file()).doesNotExist();
  }

  @Test
  void failed_writing_leaves_nothing() throws Exception {
    ArchiveFolder folder = open(10 * SIZE);
    assertThatThrownBy(
            () ->
                folder.open(
                    key(1),
                    file -> {
                      Files.write(file, new byte[10]);
                      throw new IOException("disk full");
                    }))
        .hasMessage("disk full");
    assertThat(files()).isEmpty();
  }

  @Test
  void refused_archive_is_forgotten_and_says_whether_it_was_found() throws Exception {
    ArchiveFolder folder = open(10 * SIZE);
    try (Archive archive = get(folder, 1)) {
      assertThat(archive.discard()).as("it was made just now").isFalse();
    }
    assertThat(files()).isEmpty();
    use(folder, 1);
    try (Archive archive = get(folder, 1)) {
      assertThat(archive.discard()).isTrue();
    }
    use(folder, 1);
    assertThat(made).hasValue(3);
  }

  @Test
  void folder_that_others_may_write_to_is_refused() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("kept"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> open(SIZE))
        .hasMessageContaining("rwxrwxrwx (expected: a folder that its owner alone may write to");
  }

  /** Several threads, each with folders of its own over the same files and room for a few. */
  @Test
  void nobody_ever_reads_anything_but_what_belongs_to_the_key() throws Exception {
    long seed = System.nanoTime();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<?>> running = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Random random = new Random(seed + t);
      running.add(
          threads.submit(
              () -> {
                for (int i = 0; i < 150; i++) {
                  int key = random.nextInt(6);
                  try (Archive archive = get(open((1 + random.nextInt(4)) * SIZE), key)) {
                    assertThat(archive.file()).as("seed %d", seed).hasBinaryContent(content(key));
                    if (random.nextInt(20) == 0) {
                      archive.discard();
                    }
                  }
                }
                return null;
              }));
    }
    for (Future<?> future : running) {
      future.get();
    }
    threads.shutdown();
    open(4 * SIZE);
    assertThat(files())
        .as("seed %d", seed)
        .hasSizeLessThanOrEqualTo(4)
        .allMatch(n -> n.startsWith("c0de-"));
  }
}
