package dev.headrace.embedded.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.embedded.docker.Dockerfile.Instruction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass
@MethodSource("files")
class DockerfilesTest {
  private static final Pattern JSH = Pattern.compile("docker/[\\w.-]+");

  private final Dockerfile dockerfile;

  DockerfilesTest(Dockerfile dockerfile) {
    this.dockerfile = dockerfile;
  }

  static Stream<Dockerfile> files() {
    return Stream.of("router", "worker", "worker-cuda")
        .map(role -> Dockerfile.read(Repository.docker().resolve("Dockerfile." + role)));
  }

  @Test
  void files_copied_from_the_repository_exist_and_are_not_ignored() {
    String ignore = Repository.read(ignoreFile());
    List<Instruction> copies =
        dockerfile.all("COPY").filter(copy -> !copy.hasFlag("from=")).toList();

    assertThat(copies).isNotEmpty();
    for (Instruction copy : copies) {
      List<String> words = copy.words();
      for (String source : words.subList(0, words.size() - 1)) {
        assertThat(Repository.top().resolve(source)).as(copy.toString()).exists();
        if (!source.equals(".")) {
          assertThat(ignore.lines()).as("not ignored").contains("!" + source);
        }
      }
    }
  }

  @Test
  void files_named_in_commands_exist_and_are_not_ignored() {
    String ignore = Repository.read(ignoreFile());
    for (Instruction run : dockerfile.all("RUN").toList()) {
      JSH.matcher(run.arguments())
          .results()
          .forEach(
              named -> {
                assertThat(Repository.top().resolve(named.group())).exists();
                assertThat(ignore.lines()).contains("!" + named.group());
              });
    }
  }

  @Test
  void what_the_build_reads_is_not_ignored() {
    assertThat(Repository.read(ignoreFile()).lines())
        .contains("!pom.xml", "!.mvn", "!*/pom.xml", "!*/src/main", "!*/src/test");
    assertThat(Repository.top().resolve("pom.xml")).exists();
    assertThat(Repository.top().resolve(".mvn")).exists();
  }

  private Path ignoreFile() {
    return dockerfile.file().resolveSibling(dockerfile + ".dockerignore");
  }

  @Test
  void stages_copied_from_come_before() {
    Set<String> stages = new HashSet<>();
    for (Instruction instruction : dockerfile.instructions()) {
      List<String> words = instruction.words();
      if (instruction.name().equals("FROM") && words.size() == 3) {
        stages.add(words.get(2));
      } else if (instruction.name().equals("COPY") && instruction.hasFlag("from=")) {
        assertThat(instruction.arguments())
            .containsPattern("--from=(" + String.join("|", stages) + ") ");
      }
    }
  }

  @Test
  void base_images_have_a_version() {
    Set<String> stages = new HashSet<>();
    for (Instruction from : dockerfile.all("FROM").toList()) {
      String image = from.words().get(0);
      if (!stages.contains(image)) {
        assertThat(image).contains(":").doesNotEndWith(":latest");
      }
      if (from.words().size() == 3) {
        stages.add(from.words().get(2));
      }
    }
  }

  @Test
  void distribution_comes_from_where_the_build_puts_it() {
    assertThat(Repository.read(Repository.top().resolve("cli/pom.xml")))
        .contains("<outputDirectory>${project.build.directory}/dist/lib</outputDirectory>")
        .contains("<outputDirectory>${project.build.directory}/dist/bin</outputDirectory>");
    assertThat(dockerfile.last("COPY"))
        .extracting(Instruction::words)
        .contains(List.of("/src/cli/target/dist", "/opt/headrace"));
    assertThat(dockerfile.last("ENTRYPOINT"))
        .extracting(Instruction::arguments)
        .containsExactly("[\"sh\", \"/opt/headrace/bin/headrace\"]");
    assertThat(Repository.top().resolve("cli/src/main/dist/headrace")).exists();
  }

  @Test
  void distribution_is_built_as_the_launcher_builds_it() {
    String launcher = Repository.read(Repository.top().resolve("headrace"));

    assertThat(dockerfile.all("RUN").map(Instruction::arguments))
        .anySatisfy(
            run -> {
              for (String option : run.substring(run.indexOf("mvn ")).split("\\s+")) {
                assertThat(launcher).contains(option);
              }
            });
  }

  @Test
  void user_is_not_root() {
    assertThat(dockerfile.last("USER"))
        .extracting(Instruction::arguments)
        .containsExactly("10001:10001");
  }

  @Test
  void health_check_uses_the_script_and_the_exposed_port_is_the_http_port() {
    assertThat(dockerfile.last("HEALTHCHECK"))
        .singleElement()
        .extracting(Instruction::arguments)
        .asString()
        .contains("CMD [\"bash\", \"/opt/headrace/bin/healthcheck.sh\"]");
    assertThat(dockerfile.last("COPY"))
        .extracting(Instruction::words)
        .contains(List.of("docker/healthcheck.sh", "/opt/headrace/bin/healthcheck.sh"));
    assertThat(dockerfile.last("EXPOSE"))
        .extracting(Instruction::arguments)
        .containsExactly(dockerfile.environment().get("HEADRACE_HTTP_PORT"));
  }

  @Test
  void folders_of_the_environment_are_in_the_image() {
    List<String> copied = dockerfile.last("COPY").stream().map(c -> c.words().get(1)).toList();
    for (String variable : List.of("DJL_CACHE_DIR", "PYTORCH_LIBRARY_PATH", "JAVA_HOME")) {
      String folder = dockerfile.environment().get(variable);
      if (folder != null) {
        assertThat(copied).as(variable).contains(folder);
      }
    }
  }

  @Test
  void versions_of_libtorch_are_the_ones_of_the_build() {
    String pom = Repository.read(Repository.top().resolve("pom.xml"));
    String version = dockerfile.environment().get("PYTORCH_VERSION");
    if (version != null) {
      assertThat(pom).contains("<pytorch.version>" + version + "</pytorch.version>");
      assertThat(dockerfile.all("ARG").map(Instruction::arguments))
          .anyMatch(arg -> arg.startsWith("TORCH=org.bytedeco:pytorch:" + version + "-"));
    }
    assertThat(Files.exists(ignoreFile())).isTrue();
  }
}
