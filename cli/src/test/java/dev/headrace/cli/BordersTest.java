package dev.headrace.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The borders between modules, and where vendor libraries may be imported. */
class BordersTest {
  private static JavaClasses all;

  @BeforeAll
  static void read() {
    all =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.headrace");
  }

  @Test
  void every_module_is_looked_at() {
    Set<String> modules = new TreeSet<>();
    all.forEach(c -> modules.add(c.getPackageName().split("\\.")[2]));
    assertThat(modules)
        .containsExactly(
            "bench",
            "cli",
            "embedded",
            "policy",
            "protocol",
            "router",
            "sdk",
            "transport",
            "worker");
  }

  @ParameterizedTest
  @CsvSource({
    "protocol, policy|transport|sdk|router|worker|embedded|bench|cli",
    "policy, transport|sdk|router|worker|embedded|bench|cli",
    "transport, policy|sdk|router|worker|embedded|bench|cli",
    "sdk, router|worker|embedded|bench|cli",
    "router, sdk|worker|embedded|bench|cli",
    "worker, sdk|router|embedded|bench|cli",
    "embedded, policy|protocol|transport|sdk|router|worker|bench|cli",
    "bench, cli"
  })
  void a_module_does_not_know(String module, String others) {
    for (String other : others.split("\\|")) {
      noClasses()
          .that()
          .resideInAPackage("dev.headrace." + module + "..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.headrace." + other + "..")
          .allowEmptyShould(false)
          .check(all);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "org.apache.kafka.., dev.headrace.transport.kafka|dev.headrace.embedded|dev.headrace.bench.baseline",
    "redis.clients.., dev.headrace.transport.redis|dev.headrace.bench.baseline",
    "redis.embedded.., dev.headrace.embedded",
    "ai.djl.huggingface.., dev.headrace.worker.text",
    "ai.djl.pytorch.., dev.headrace.worker.engine",
    "ai.onnxruntime.., dev.headrace.bench.model",
    "org.bytedeco.., dev.headrace.worker.cuda",
    "picocli.., dev.headrace.cli..",
    "com.sun.net.httpserver.., dev.headrace.cli.http",
    "com.fasterxml.., dev.headrace.protocol..|dev.headrace.worker.model..|dev.headrace.worker.profile|dev.headrace.cli.."
  })
  void a_vendor_is_imported_only_in(String vendor, String packages) {
    classes()
        .that()
        .resideInAPackage("dev.headrace..")
        .and(
            com.tngtech.archunit.base.DescribedPredicate.not(
                resideInAPackages(packages.split("\\|"))))
        .should()
        .onlyDependOnClassesThat(
            com.tngtech.archunit.base.DescribedPredicate.not(resideInAPackage(vendor)))
        .check(all);
  }

  private static com.tngtech.archunit.base.DescribedPredicate<
          com.tngtech.archunit.core.domain.JavaClass>
      resideInAPackages(String[] packages) {
    return com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage(packages);
  }

  @Test
  void a_policy_is_pure() {
    noClasses()
        .that()
        .resideInAPackage("dev.headrace.policy..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.headrace.transport..", "io.micrometer..", "java.io..", "java.nio..", "java.net..")
        .allowEmptyShould(false)
        .check(all);
  }

  @Test
  void main_code_does_not_sleep_or_reflect() {
    noClasses()
        .that()
        .resideInAPackage("dev.headrace..")
        .should()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .dependOnClassesThat()
        .resideInAPackage("java.lang.reflect..")
        .check(all);
  }
}
