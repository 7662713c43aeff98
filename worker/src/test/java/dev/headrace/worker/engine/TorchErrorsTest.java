package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.engine.EngineException.Kind;
import org.junit.jupiter.api.Test;

class TorchErrorsTest {
  @Test
  void a_failures_kind_follows_from_libtorchs_message() {
    assertThat(TorchErrors.kind("CUDA out of memory. Tried to allocate 2.00 GiB"))
        .isEqualTo(Kind.RESOURCE);
    assertThat(TorchErrors.kind("[enforce fail] DefaultCPUAllocator: can't allocate memory: ..."))
        .isEqualTo(Kind.RESOURCE);
    assertThat(TorchErrors.kind("CUDA error: an illegal memory access was encountered"))
        .isEqualTo(Kind.FATAL);
    assertThat(TorchErrors.kind("CUDA error: device-side assert triggered")).isEqualTo(Kind.FATAL);
    // As Cuda says it: after a batch that broke the device, asking for its memory fails first.
    assertThat(
            TorchErrors.kind(
                "CUDA error: cudaMemGetInfo: an illegal memory access was encountered"))
        .isEqualTo(Kind.FATAL);
    assertThat(TorchErrors.kind("shape '[1]' is invalid for input of size 2"))
        .isEqualTo(Kind.INTERNAL);
  }

  @Test
  void the_message_says_what_was_being_done_in_one_line() {
    RuntimeException cause = new IllegalStateException("first\nsecond\n  at native");
    assertThat(TorchErrors.translate("running x", cause))
        .isInstanceOf(EngineException.class)
        .hasMessage("running x: first")
        .hasCause(cause);
  }

  @Test
  void of_a_script_the_message_says_what_was_wrong_and_not_where() {
    RuntimeException cause =
        new IllegalStateException(
            """
            The following operation failed in the TorchScript interpreter.
            Traceback of TorchScript, serialized code (most recent call last):
              File "code/__torch__.py", line 4, in forward
            RuntimeError: CUDA out of memory. Tried to allocate 96.00 MiB.
            """);
    assertThat(TorchErrors.translate("running x", cause))
        .hasMessage("running x: CUDA out of memory. Tried to allocate 96.00 MiB.");
  }

  @Test
  void errors_of_the_jvm_pass_unchanged() {
    OutOfMemoryError error = new OutOfMemoryError("heap");
    assertThatThrownBy(() -> TorchErrors.translate("running x", error)).isSameAs(error);
  }
}
