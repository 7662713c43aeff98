package dev.headrace.worker.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GpuLibrariesTest {
  @Test
  void a_library_that_lacks_another_names_that_one() {
    Throwable found =
        new UnsatisfiedLinkError(
            "/cache/libjnicudart.so: libcuda.so.1: cannot open shared object file: No such file");
    Error last = new UnsatisfiedLinkError("no jnicudart in java.library.path: /usr/lib");
    last.initCause(found);
    assertThat(GpuLibraries.reason(last)).isEqualTo(found.getMessage());
  }

  @Test
  void without_the_presets_natives_that_is_the_reason() {
    Error last = new UnsatisfiedLinkError("no jnicudart in java.library.path: /usr/lib");
    last.initCause(new UnsatisfiedLinkError("Could not find jnicudart in class paths"));
    assertThat(GpuLibraries.reason(last)).isEqualTo(last.getMessage());
  }
}
