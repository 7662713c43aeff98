package dev.headrace.worker.model.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.DenseLayer;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class HfFolderTest {
  private static final String TRANSFORMER =
      "{'type':'sentence_transformers.models.Transformer','path':''}";
  private static final String POOLING =
      "{'type':'sentence_transformers.models.Pooling','path':'1_Pooling'}";

  @TempDir private Path temporary;

  static List<String> models() {
    return ReferenceModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void opens_every_reference_folder(String name) throws Exception {
    ReferenceModel reference = ReferenceModel.named(name);
    for (String folder : reference.folders()) {
      HfFolder opened = HfFolder.open(reference.assemble(folder, temporary));
      assertThat(opened.config().integer("vocab_size", 1, 1000)).isPositive();
      assertThat(opened.tokenizerJson()).startsWith("{").contains("\"model\"");
      assertThat(opened.maxTokens(40)).isBetween(32, 40);
      try (WeightSource weights = opened.openWeights()) {
        for (String tensor : weights.names()) {
          assertThat(weights.find(tensor)).as(tensor).isPresent();
        }
      }
    }
  }

  @Test
  void pooling_prompts_and_limits_are_those_of_sentence_transformers() throws Exception {
    HfFolder bert = open("bert", "embed");
    assertThat(bert.modules().orElseThrow().normalise()).isTrue();
    assertThat(pooling(bert)).isEqualTo(new SentencePooling(32, List.of(PoolingMode.CLS), true));
    HfFolder both = open("bert-plain", "embed-cls-mean");
    assertThat(pooling(both).modes()).containsExactly(PoolingMode.CLS, PoolingMode.MEAN);
    assertThat(pooling(both).dimension()).isEqualTo(64);
    HfFolder newer = open("modernbert", "embed");
    assertThat(pooling(newer).modes()).containsExactly(PoolingMode.LAST_TOKEN);
    assertThat(newer.prompts().defaultPrompt()).isEmpty();
    HfFolder prompts = open("distilbert", "embed-no-prompt");
    assertThat(prompts.prompts().defaultPrompt()).isEqualTo("query: ");
    assertThat(prompts.prompts().byName()).containsEntry("document", "passage: ");
    assertThat(pooling(prompts).includePrompt()).isFalse();
    HfFolder mpnet = open("mpnet", "embed");
    assertThat(mpnet.tokenizer().maxTokens()).isEmpty();
    assertThat(mpnet.tokenizer().maskToken()).contains("<mask>");
    assertThat(mpnet.maxTokens(40)).isEqualTo(32);
    assertThat(open("mpnet", "base").maxTokens(40)).isEqualTo(40);
    assertThat(open("mpnet", "base").modules()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"bert, SIGMOID", "distilbert, IDENTITY", "mpnet, IDENTITY", "modernbert, SIGMOID"})
  void rerank_scores_go_through_the_function_of_the_folder(String name, ScoreFunction function)
      throws Exception {
    assertThat(ScoreFunction.of(open(name, "rerank").config())).isEqualTo(function);
  }

  @Test
  void modules_that_cannot_run_are_named() throws Exception {
    modules("[%s,%s,{'type':'sentence_transformers.models.LSTM','path':'2_LSTM'}]");
    fails(
        "modules.json: module 2: LSTM (expected: Transformer, Pooling, perhaps Dense and perhaps");
    String normalize = "{'type':'sentence_transformers.models.Normalize','path':'2_Normalize'}";
    String dense = "{'type':'sentence_transformers.models.Dense','path':'3_Dense'}";
    modules("[%s,%s," + normalize + "," + dense + "]");
    fails("modules.json: module 2: Normalize (expected: Transformer, Pooling, perhaps Dense");
    modules("[%s,{'type':'my_code.Pooling','path':'1_Pooling'}]");
    fails("type: my_code.Pooling (expected: sentence_transformers.*: code in a folder is never");
    modules("[%s]");
    fails("modules.json: 1 modules (expected: Transformer, Pooling");
    modules("[]");
    fails("modules.json: 0 modules");
    modules("{}");
    fails("modules.json: not an array");
    modules("[7]");
    fails("modules.json: not an object");
    modules("[%s,%s]");
    fails("config.json: no such file");
  }

  @ParameterizedTest
  @CsvSource({"../x", "/etc", "a/../../b", "a//b", "a\\\\b", "C:x", "a/", "."})
  void modules_cannot_lie_outside_the_folder(String path) throws Exception {
    modules("[{'type':'sentence_transformers.models.Transformer','path':'" + path + "'}]");
    fails("(expected: a folder inside this one)");
  }

  @Test
  void dense_layers_are_read_in_their_order() throws Exception {
    SentenceModules modules = open("bert", "embed-dense").modules().orElseThrow();
    assertThat(modules.normalise()).isTrue();
    assertThat(modules.dense())
        .containsExactly(
            new DenseLayer("2_Dense/linear", 32, 24, true, DenseLayer.Activation.TANH),
            new DenseLayer("3_Dense/linear", 24, 12, false, DenseLayer.Activation.IDENTITY));
    HfConfig odd =
        HfConfig.parse(
            "config.json",
            "{\"in_features\":2,\"out_features\":2,\"activation_function\":\"my.Code\"}"
                .getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> SentenceDense.read("2_Dense", odd))
        .hasMessageContaining("config.json: activation_function: my.Code (expected: one of torch.");
  }

  @Test
  void cross_encoders_of_newer_versions_have_a_transformer_alone_in_their_modules()
      throws Exception {
    HfFolder saved = open("bert", "rerank-saved");
    assertThat(saved.modules()).isEmpty();
    assertThat(saved.prompts().scoreFunction()).contains(ScoreFunction.IDENTITY);
  }

  @Test
  void tokens_that_the_tokenizer_was_given_are_found_by_their_text() throws Exception {
    assertThat(open("bert", "base").mask(150)).contains(new MaskToken("[MASK]", 4));
    assertThat(open("bert", "base").mask(4)).isEmpty();
    assertThat(open("bert", "base").tokenizerTraits().continuingPrefix()).isEqualTo("##");
    assertThat(open("roberta", "base").mask(301)).contains(new MaskToken("<mask>", 300));
    assertThat(open("roberta", "base").tokenizerTraits().continuingPrefix()).isEmpty();
    assertThat(open("modernbert", "base").tokenizerTraits().tokenTypes()).isFalse();
  }

  /** Such a file would end the process, not only the test. */
  @Test
  void template_with_a_special_token_that_it_does_not_define_is_refused() throws Exception {
    String good = open("bert", "base").tokenizerJson();
    String bad = good.replace("\"special_tokens\":{\"[CLS]\"", "\"special_tokens\":{\"[XXX]\"");
    assertThat(bad).isNotEqualTo(good);
    assertThatThrownBy(() -> FolderTokenizer.checked(bad.getBytes(StandardCharsets.UTF_8)))
        .hasMessage(
            "tokenizer.json: post_processor: special_tokens: [CLS] missing"
                + " (expected: each that a template names)");
  }

  @Test
  void old_folders_have_the_transformer_in_a_folder_of_its_own() throws Exception {
    Path from = ReferenceModel.named("bert-plain").assemble("base", temporary.resolve("from"));
    modules(
        "[{'type':'sentence_transformers.models.Transformer','path':'0_Transformer'},"
            + "{'type':'sentence_transformers.models.Pooling','path':'1_Pooling'}]");
    Files.move(from, temporary.resolve("0_Transformer"));
    write("1_Pooling/config.json", "{'word_embedding_dimension':32}");
    write("0_Transformer/sentence_roberta_config.json", "{'max_seq_length':16}");
    HfFolder folder = HfFolder.open(temporary);
    assertThat(folder.maxTokens(40)).isEqualTo(16);
    assertThat(pooling(folder).modes()).containsExactly(PoolingMode.MEAN);
    assertThat(folder.openWeights().names()).contains("embeddings.word_embeddings.weight");
  }

  @Test
  void settings_that_make_no_sense_are_named() throws Exception {
    Files.move(
        ReferenceModel.named("bert-plain").assemble("embed-max", temporary.resolve("from")),
        temporary.resolve("model"));
    String prompts = "model/config_sentence_transformers.json";
    write(prompts, "{'prompts':{'q':'x'},'default_prompt_name':'z'}");
    failsAt("model", "default_prompt_name: z (expected: one of [q])");
    write(prompts, "{'prompts':{},'truncate_dim':16}");
    assertThat(HfFolder.open(temporary.resolve("model")).prompts().dimensions()).hasValue(16);
    write("model/tokenizer_config.json", "{'model_max_length':0}");
    failsAt("model", "model_max_length: 0.0 (expected: a whole number >= 1)");
    write("model/tokenizer_config.json", "{'mask_token':{'content':'[M]','lstrip':true}}");
    assertThat(HfFolder.open(temporary.resolve("model")).tokenizer().maskToken()).contains("[M]");
    write("model/1_Pooling/config.json", "{'embedding_dimension':32,'pooling_mode':'median'}");
    failsAt("model", "pooling_mode: median (expected: cls, max, mean, ");
    write("model/1_Pooling/config.json", "{'embedding_dimension':32,'pooling_mode':[]}");
    failsAt("model", "pooling_mode: 0 modes");
  }

  private HfFolder open(String name, String folder) throws IOException {
    return HfFolder.open(
        ReferenceModel.named(name).assemble(folder, Files.createTempDirectory(temporary, "m")));
  }

  private static SentencePooling pooling(HfFolder folder) {
    return folder.modules().orElseThrow().pooling();
  }

  private void modules(String json) throws IOException {
    write("modules.json", json.replaceFirst("%s", TRANSFORMER).replaceFirst("%s", POOLING));
  }

  private void write(String name, String json) throws IOException {
    Path file = temporary.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, json.replace('\'', '"'), StandardCharsets.UTF_8);
  }

  private void fails(String message) {
    failsAt("", message);
  }

  private void failsAt(String folder, String message) {
    assertThatThrownBy(() -> HfFolder.open(temporary.resolve(folder)))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(message);
  }
}
