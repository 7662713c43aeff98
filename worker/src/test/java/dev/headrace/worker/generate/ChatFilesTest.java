package dev.headrace.worker.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.gguf.GgufBytes;
import dev.headrace.worker.model.gguf.GgufModel;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Templates and ends, as Hugging Face folders and GGUF files have them. */
class ChatFilesTest {
  private static final List<Map<String, String>> HELLO =
      List.of(Map.of("role", "user", "content", "hi"));

  @TempDir private Path folder;

  private void write(String name, String json) throws IOException {
    Files.writeString(folder.resolve(name), json.replace('\'', '"'));
  }

  private ChatFiles folder() throws IOException {
    return HfChatFiles.read(folder, InstantSource.system());
  }

  private static String rendered(ChatFiles files) {
    return files.template().orElseThrow().render(HELLO, true);
  }

  @Test
  void template_and_its_special_tokens_come_from_tokenizer_config() throws IOException {
    write(
        "tokenizer_config.json",
        "{'bos_token':'<s>','eos_token':{'content':'</s>','lstrip':false},'pad_token':null,"
            + "'chat_template':'{{ bos_token }}{{ messages[0].content }}{{ eos_token }}'}");
    assertThat(rendered(folder())).isEqualTo("<s>hi</s>");
  }

  @Test
  void template_of_its_own_file_wins() throws IOException {
    write("tokenizer_config.json", "{'bos_token':'<s>','chat_template':'old'}");
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ bos_token }}new");
    assertThat(rendered(folder())).isEqualTo("<s>new");
  }

  @Test
  void named_templates_are_not_read() throws IOException {
    write("tokenizer_config.json", "{'chat_template':[{'name':'default','template':'x'}]}");
    assertThat(folder().template()).isEmpty();
  }

  @Test
  void ends_are_those_of_generation_config_else_of_config() throws IOException {
    assertThat(folder().ends()).isEmpty();
    write("config.json", "{'eos_token_id':2}");
    assertThat(folder().ends()).containsExactly(2);
    write("generation_config.json", "{'temperature':0.7}");
    assertThat(folder().ends()).containsExactly(2);
    write("generation_config.json", "{'eos_token_id':[151645,151643]}");
    assertThat(folder().ends()).containsExactlyInAnyOrder(151645, 151643);
  }

  @Test
  void wrong_ends_and_templates_are_refused_by_name() throws IOException {
    write("config.json", "{'eos_token_id':'two'}");
    assertThatThrownBy(this::folder)
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("eos_token_id");
    write("config.json", "{}");
    Files.writeString(folder.resolve("chat_template.jinja"), "{% for m in %}");
    assertThatThrownBy(this::folder)
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(String.valueOf(folder.getFileName()));
  }

  private GgufModel gguf(GgufBytes more) throws IOException {
    Path file = folder.resolve("model.gguf");
    Files.write(file, more.bytes());
    return GgufModel.open(file);
  }

  private static GgufBytes header() {
    return new GgufBytes()
        .text("general.architecture", "llama")
        .text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", "smollm")
        .texts("tokenizer.ggml.tokens", "<s>", "</s>", "<|im_end|>")
        .integers("tokenizer.ggml.token_type", 3, 3, 3)
        .integer("tokenizer.ggml.bos_token_id", 0)
        .integer("tokenizer.ggml.eos_token_id", 2);
  }

  @Test
  void gguf_file_has_template_tokens_and_ends_in_its_metadata() throws IOException {
    String template = "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}";
    GgufModel model = gguf(header().text("tokenizer.chat_template", template));
    ChatFiles files = GgufChatFiles.read("m", model, InstantSource.system());
    assertThat(rendered(files)).isEqualTo("<s>hi<|im_end|>");
    assertThat(files.ends()).contains(2);
  }

  @Test
  void gguf_file_without_template_only_completes_and_a_wrong_one_is_named() throws IOException {
    ChatFiles none = GgufChatFiles.read("m", gguf(header()), InstantSource.system());
    assertThat(none.template()).isEmpty();
    GgufModel wrong = gguf(header().text("tokenizer.chat_template", "{% if %}"));
    assertThatThrownBy(() -> GgufChatFiles.read("m", wrong, InstantSource.system()))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("m: tokenizer.chat_template");
  }
}
