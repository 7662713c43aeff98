package dev.headrace.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class ModelCatalogTest {
  private static final ModelCatalog CATALOG = ModelCatalog.builtIn();
  private static final ModelDescription MINILM = CATALOG.find("all-minilm-l6-v2").orElseThrow();

  @Test
  void minilm_is_built_in() {
    assertThat(CATALOG.names()).containsExactly("all-minilm-l6-v2");
    assertThat(MINILM.dimension()).isEqualTo(384);
    assertThat(MINILM.maxTokens()).isEqualTo(256);
    assertThat(MINILM.head()).isEqualTo(new Head.Embedding(List.of(Pooling.MEAN), true));
  }

  @Test
  void the_revision_is_a_short_hash_that_stays_the_same() {
    assertThat(MINILM.revision()).matches("[0-9a-f]{12}");
    assertThat(ModelCatalog.builtIn().find(MINILM.name()).orElseThrow().revision())
        .isEqualTo(MINILM.revision());
  }

  @Test
  void an_unknown_name_finds_nothing() {
    assertThat(CATALOG.find("bert-huge")).isEmpty();
  }

  @Test
  void a_name_may_stand_only_once() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ModelCatalog(List.of(MINILM, MINILM)))
        .withMessageContaining("all-minilm-l6-v2");
  }

  @Test
  void the_limit_of_tokens_stays_within_the_models_positions() {
    assertThat(MINILM.withMaxTokens(512).maxTokens()).isEqualTo(512);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MINILM.withMaxTokens(513))
        .withMessage("max tokens: 513 (expected: 2..512)");
  }

  @Test
  void precisions_have_labels() {
    assertThat(Precision.ofLabel("INT8")).isEqualTo(Precision.INT8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Precision.ofLabel("int4"))
        .withMessage("precision: int4 (expected: one of fp32, fp16, bf16, int8)");
  }
}
