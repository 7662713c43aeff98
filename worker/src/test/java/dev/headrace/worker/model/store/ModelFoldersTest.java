package dev.headrace.worker.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Pooling;
import dev.headrace.worker.model.hf.ReferenceModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFoldersTest {
  @TempDir Path directory;

  private Path folder(String model, String folder) throws IOException {
    return ReferenceModel.named(model).assemble(folder, directory);
  }

  private static void replace(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }

  @Test
  void sentence_transformers_folder_says_how_texts_become_vectors() throws Exception {
    ModelDescription model = ModelFolders.describe(folder("bert-plain", "embed-cls-mean"));
    assertThat(model.head())
        .isEqualTo(new Head.Embedding(List.of(Pooling.CLS, Pooling.MEAN), true));
    assertThat(model.dimension()).isEqualTo(64);
    assertThat(model.maxTokens()).isEqualTo(40);
  }

  @Test
  void default_prompt_is_put_before_texts() throws Exception {
    assertThat(ModelFolders.describe(folder("distilbert", "embed")).prompt()).isNotEmpty();
    assertThat(ModelFolders.describe(folder("bert", "embed")).prompt()).isEmpty();
  }

  @Test
  void pooling_without_the_prompts_tokens_is_refused() throws Exception {
    Path folder = folder("distilbert", "embed-no-prompt");
    assertThatThrownBy(() -> ModelFolders.describe(folder))
        .hasMessage(
            "model distilbert-embed-no-prompt: pooling: include_prompt: false, with a default prompt"
                + " (expected: true)");
  }

  @Test
  void trained_classifier_has_the_labels_of_its_folder() throws Exception {
    Head head = ModelFolders.describe(folder("bert", "multi-label")).head();
    assertThat(head).isInstanceOf(Head.Classifier.class);
    assertThat(((Head.Classifier) head).multiLabel()).isTrue();
    assertThat(((Head.Classifier) head).labels())
        .containsExactly("economy", "defence", "law", "treaty", "other");
  }

  @Test
  void heads_that_are_not_supported_are_named() throws Exception {
    Path folder = folder("bert", "token-classification");
    replace(folder.resolve("config.json"), "BertForTokenClassification", "BertForPreTraining");
    assertThatThrownBy(() -> ModelFolders.describe(folder))
        .hasMessageContaining("config.json: architectures: BertForPreTraining")
        .hasMessageContaining("*ForSequenceClassification, *ForTokenClassification");
  }

  @Test
  void heads_follow_the_architectures_of_the_folder() throws Exception {
    Head tokens = ModelFolders.describe(folder("bert", "token-classification")).head();
    assertThat(tokens)
        .isEqualTo(new Head.TokenClassifier(List.of("O", "B-PER", "I-PER", "B-LOC", "I-LOC")));
    assertThat(ModelFolders.describe(folder("bert", "base")).head())
        .isEqualTo(new Head.MaskedFill("[MASK]", 4, 100, true, true));
    Path plain = folder("mpnet", "base");
    replace(plain.resolve("tokenizer.json"), "<mask>", "<gap>");
    assertThat(ModelFolders.describe(plain).head()).isInstanceOf(Head.Embedding.class);
    assertThat(ModelFolders.describe(folder("bert", "embed-dense")).dimension()).isEqualTo(12);
  }

  @Test
  void layers_that_do_not_fit_together_are_named() throws Exception {
    Path folder = folder("bert", "embed-dense");
    replace(folder.resolve("3_Dense/config.json"), "\"in_features\":24", "\"in_features\":23");
    assertThatThrownBy(() -> ModelFolders.describe(folder))
        .hasMessageContaining("3_Dense/linear: in_features: 23 (expected: 24)");
  }

  @Test
  void architectures_that_are_not_supported_are_named() throws Exception {
    Path folder = folder("bert", "base");
    replace(folder.resolve("config.json"), "\"model_type\":\"bert\"", "\"model_type\":\"t5\"");
    assertThatThrownBy(() -> ModelFolders.describe(folder))
        .hasMessageContaining("model bert-base: model_type: t5 (expected: one of bert, roberta,");
  }

  @Test
  void revision_follows_the_files() throws Exception {
    Path folder = folder("bert", "base");
    String before = ModelFolders.describe(folder).revision();
    assertThat(ModelFolders.describe(folder).revision()).isEqualTo(before).hasSize(12);
    Files.writeString(folder.resolve("README.md"), "not part of the model");
    assertThat(ModelFolders.describe(folder).revision()).isEqualTo(before);
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\": 30}");
    assertThat(ModelFolders.describe(folder).revision()).isNotEqualTo(before);
  }

  @Test
  void only_wanted_folders_are_read() throws Exception {
    folder("bert", "base");
    Files.createDirectory(directory.resolve("no-model"));
    assertThat(ModelFolders.read(directory, List.of("bert-base", "built-in")))
        .extracting(ModelDescription::name)
        .containsExactly("bert-base");
  }
}
