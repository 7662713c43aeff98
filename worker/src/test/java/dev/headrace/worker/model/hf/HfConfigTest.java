package dev.headrace.worker.model.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.weights.MalformedModelException;
import java.nio.charset.StandardCharsets;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class HfConfigTest {
  @Test
  void gives_values_by_type_and_takes_null_for_absent() throws Exception {
    HfConfig config =
        parse(
            "{'model_type':'bert','hidden_size':64.0,'eps':1e-12,'tied':false,'none':null,"
                + "'rope':{'theta':7},'dims':[8,16],'names':['a','b'],'name':'a',"
                + "'prompts':{'q':'query: ','d':''}}");
    assertThat(config.string("model_type")).isEqualTo("bert");
    assertThat(config.string("none", "x")).isEqualTo("x");
    assertThat(config.optionalString("absent")).isEmpty();
    assertThat(config.integer("hidden_size", 1, 64)).isEqualTo(64);
    assertThat(config.integer("none", 1, 2, 0)).isZero();
    assertThat(config.number("eps")).isEqualTo(1e-12);
    assertThat(config.number("absent", 0.5)).isEqualTo(0.5);
    assertThat(config.flag("tied", true)).isFalse();
    assertThat(config.flag("none", true)).isTrue();
    assertThat(config.has("none")).isFalse();
    assertThat(config.object("rope").orElseThrow().integer("theta", 0, 9)).isEqualTo(7);
    assertThat(config.integers("dims", 1, 32)).containsExactly(8, 16);
    assertThat(config.strings("names")).containsExactly("a", "b");
    assertThat(config.strings("name")).containsExactly("a");
    assertThat(config.texts("prompts")).containsEntry("q", "query: ").containsEntry("d", "");
    assertThat(config.keys()).contains("none", "rope").hasSize(10);
  }

  @Test
  void names_key_value_and_what_was_expected() throws Exception {
    HfConfig config =
        parse(
            "{'n':-1,'half':1.5,'huge':1e300,'inf':1e999,'text':'7','list':[1,'a'],"
                + "'o':{'x':[]},'flag':'false'}");
    fails(() -> config.integer("absent", 1, 9), "c.json: absent: missing (expected: 1..9)");
    fails(() -> config.integer("n", 1, 9), "c.json: n: -1 (expected: 1..9)");
    fails(() -> config.integer("half", 1, 9), "c.json: half: 1.5 (expected: 1..9)");
    fails(() -> config.integer("huge", 1, 9), "c.json: huge: 1.0E300 (expected: 1..9)");
    fails(() -> config.integer("text", 1, 9), "c.json: text: \"7\" (expected: 1..9)");
    fails(() -> config.number("inf"), "(expected: a number)");
    fails(() -> config.number("absent"), "c.json: absent: missing (expected: a number)");
    fails(() -> config.string("n"), "c.json: n: -1 (expected: a string)");
    fails(() -> config.string("absent"), "c.json: absent: missing (expected: a string)");
    fails(() -> config.flag("flag", true), "c.json: flag: \"false\" (expected: true or false)");
    fails(() -> config.strings("list"), "c.json: list: 1 (expected: strings)");
    fails(() -> config.integers("list", 0, 9), "c.json: list: \"a\" (expected: 0..9)");
    fails(() -> config.integers("n", 0, 9), "c.json: n: -1 (expected: a list)");
    fails(() -> config.object("n"), "c.json: n: -1 (expected: an object)");
    fails(() -> config.object("o").orElseThrow().string("x"), "c.json: o: x: array (expected: a");
    fails(() -> config.texts("o"), "c.json: o: x: array (expected: a string)");
  }

  @Test
  void labels_come_in_the_order_of_their_ids() throws Exception {
    assertThat(parse("{'id2label':{'1':'b','0':'a','2':'c'}}").labels())
        .containsExactly("a", "b", "c");
    assertThat(parse("{'num_labels':3}").labels()).containsExactly("LABEL_0", "LABEL_1", "LABEL_2");
    assertThat(parse("{}").labels()).containsExactly("LABEL_0", "LABEL_1");
    fails(
        () -> parse("{'id2label':{'0':'a','2':'c'}}").labels(),
        "c.json: id2label.1: missing (expected: a label for each of 0..1)");
    fails(() -> parse("{'num_labels':2000000000}").labels(), "num_labels: 2000000000");
  }

  @Test
  void the_function_after_a_reranking_logit_is_found_where_versions_put_it() throws Exception {
    String one = "'id2label':{'0':'LABEL_0'}";
    String identity = "'torch.nn.modules.linear.Identity'";
    assertThat(score("{%s}".formatted(one))).isEqualTo(ScoreFunction.SIGMOID);
    assertThat(score("{}")).isEqualTo(ScoreFunction.IDENTITY);
    assertThat(score("{%s,'sbert_ce_default_activation_function':%s}".formatted(one, identity)))
        .isEqualTo(ScoreFunction.IDENTITY);
    assertThat(score("{%s,'sentence_transformers':{'activation_fn':%s}}".formatted(one, identity)))
        .isEqualTo(ScoreFunction.IDENTITY);
    fails(
        () -> score("{'sentence_transformers':{'activation_fn':'os.system'}}"),
        "c.json: sentence_transformers: activation_fn: os.system (expected: torch.nn");
  }

  private static ScoreFunction score(String json) throws MalformedModelException {
    return ScoreFunction.of(parse(json));
  }

  private static HfConfig parse(String json) throws MalformedModelException {
    return HfConfig.parse("c.json", json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static void fails(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(message);
  }
}
