package dev.headrace.worker.generate.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {
  private static final Map<String, String> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");
  private static final String MARKS = "{}%-'\"|.[]()~ 1a\\";
  private static final Instant NOW = Instant.parse("2026-07-04T15:06:07Z");

  private static ChatTemplate template(String source) {
    return ChatTemplate.of(source, TOKENS, () -> NOW);
  }

  private static String render(String source) {
    return template(source)
        .render(
            List.of(
                Map.of("role", "user", "content", "Hi"),
                Map.of("role", "assistant", "content", "Ho")),
            true);
  }

  private static String resource(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(ChatTemplateTest.class.getResourceAsStream("/templates/" + name))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** The goldens are what transformers makes: see make_chat_goldens.py. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "smollm2.jinja",
        "qwen2.5.jinja",
        "qwen3.jinja",
        "mistral.jinja",
        "mistral-nemo.jinja",
        "phi3.jinja",
        "phi3.5.jinja",
        "llama3-form.jinja",
        "features.jinja"
      })
  void templates_render_as_in_transformers(String name) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ChatTemplate template = template(resource(name));
    int cases = 0;
    for (JsonNode golden : json.readTree(resource("goldens.json"))) {
      if (!golden.get("template").asText().equals(name)) {
        continue;
      }
      cases++;
      List<Map<String, String>> messages = new ArrayList<>();
      for (JsonNode m : golden.get("messages")) {
        Map<String, String> message = new LinkedHashMap<>(); // a template may print it, in order
        message.put("role", m.get("role").asText());
        message.put("content", m.get("content").asText());
        messages.add(message);
      }
      boolean prompt = golden.get("prompt").asBoolean();
      String what = name + " " + golden.get("case").asText();
      if (golden.has("text")) {
        assertThat(template.render(messages, prompt))
            .as(what)
            .isEqualTo(golden.get("text").asText());
      } else {
        assertThatThrownBy(() -> template.render(messages, prompt))
            .as(what)
            .isInstanceOfSatisfying(TemplateException.class, e -> assertThat(e.raised()).isTrue())
            .hasMessage(golden.get("error").asText());
      }
    }
    assertThat(cases).isGreaterThanOrEqualTo(14);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "{{ messages[-1].content[::-1] }}#oH",
        "{{ messages|map(attribute='role')|join('/') }}#user/assistant",
        "{{ (messages|selectattr('role','equalto','user')|list)|length }}#1",
        "{{ 7 // 2 ~ '-' ~ 7 % 4 ~ '-' ~ 2 ** 3 }}#3-3-8",
        "{{ 'a' if nothing is defined else 'b' }}#b",
        "{{ nothing|default('d') }}#d",
        "{{ [1, 'a', none, true] }}#[1, 'a', None, True]",
        "{{ {'a': [1.5]}|tojson }}#{\"a\": [1.5]}",
        "{% macro m(x, y=2) %}{{ x + y }}{% endmacro %}{{ m(1) }}{{ m(1, y=3) }}#34",
        "{% for m in messages if m.role == 'user' %}{{ loop.length }}{% endfor %}#1",
        "{% for k, v in {'b': 1}.items() %}{{ k }}{{ v }}{% else %}none{% endfor %}#b1",
        "{% for i in range(5) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}#012",
        "{% set x %}a{{ 1 }}{% endset %}{{ x }}#a1",
        "{{ strftime_now('%d %b %Y') }}#04 Jul 2026",
        "{{ 'x y'.title() }}{{ not false and 1 < 2 < 3 }}#X YTrue",
        "{% raw %}{{ a }}{% endraw %}#{{ a }}",
      })
  void expressions_are_those_of_jinja(String template, String expected) {
    assertThat(render(template)).isEqualTo(expected);
  }

  @Test
  void a_loop_changes_nothing_outside_but_a_namespace() {
    assertThat(
            render(
                "{% set a = 1 %}{% set n = namespace(b=1) %}{% for m in messages %}"
                    + "{% set a = 5 %}{% set n.b = n.b + 1 %}{% endfor %}{{ a }}{{ n.b }}"))
        .isEqualTo("13");
  }

  @Test
  void text_of_a_message_is_never_a_template() {
    String text = "{{ messages }}{% for x in y %}";
    assertThat(
            template("{{ messages[0].content }}")
                .render(List.of(Map.of("role", "user", "content", text)), false))
        .isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.__class__ }}{{ ''.__class__.__mro__ }}",
        "{{ messages.getClass() }}",
        "{{ ''.getClass().forName('java.lang.Runtime') }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ ''['class'].x }}",
      })
  void java_is_out_of_reach(String source) {
    assertThatThrownBy(() -> render(source)).isInstanceOf(TemplateException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 999999999 }}",
        "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ range(999999999) }}",
        "{% set n = namespace(s='xx') %}{% for i in range(99) %}{% set n.s = n.s.replace('x','xx') %}{% endfor %}",
        "{% set n = namespace(s=[1]) %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
      })
  void a_template_cannot_take_all_time_or_memory(String source) {
    long started = System.nanoTime();
    assertThatThrownBy(() -> render(source)).isInstanceOf(TemplateException.class);
    assertThat(System.nanoTime() - started).isLessThan(20_000_000_000L);
  }

  @Test
  void a_template_nested_without_end_is_refused() {
    assertThatThrownBy(() -> template("{{ " + "(".repeat(50_000) + " }}"))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> template("{% if x %}".repeat(20_000)))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> template("{{ " + "not ".repeat(50_000) + "x }}"))
        .isInstanceOf(TemplateException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "{% include 'x' %}#statement include",
        "{{ x|attr('y') }}#filter attr is not supported",
        "{{ 'a' is foo }}#test foo is not supported",
        "{{ 'a'.encode() }}#method encode of string is not supported",
        "{{ a b }}#no end",
        "{% if a %}#end of the template",
      })
  void what_is_not_supported_is_named(String source, String message) {
    assertThatThrownBy(() -> render(source)).hasMessageContaining(message);
  }

  /** Broken templates end in a message, never in another exception. */
  @Test
  void mutated_templates_are_rendered_or_refused() throws IOException {
    long seed = 20261125;
    Random random = new Random(seed);
    String[] sources = {
      resource("qwen3.jinja"), resource("mistral.jinja"), resource("features.jinja")
    };
    for (int i = 0; i < 3000; i++) {
      StringBuilder source = new StringBuilder(sources[i % sources.length]);
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        int at = random.nextInt(source.length());
        switch (random.nextInt(3)) {
          case 0 -> source.deleteCharAt(at);
          case 1 -> source.insert(at, MARKS.charAt(random.nextInt(MARKS.length())));
          default -> source.delete(at, Math.min(source.length(), at + random.nextInt(30)));
        }
      }
      try {
        render(source.toString());
      } catch (TemplateException e) {
        assertThat(e.getMessage()).as("seed %d", seed).isNotBlank();
      }
    }
  }

  @Test
  void filters_that_choose_take_none_for_an_empty_list_and_a_loop_does_not() {
    String filters = "{% set t = none %}{{ t | selectattr('a') | list | length }}";
    assertThat(render(filters + "{{ t | reject('none') | list | length }}")).isEqualTo("00");
    assertThatThrownBy(() -> render("{% for x in none %}{% endfor %}"))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("none");
  }
}
