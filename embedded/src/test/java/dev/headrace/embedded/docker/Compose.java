package dev.headrace.embedded.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** A YAML file as a tree, with its merge keys resolved, and what the tests ask of compose files. */
record Compose(Path file, JsonNode root) {
  /** A port or an address of the form {@code host:port}. */
  record HostPort(String host, int port) {
    static HostPort parse(String text) {
      int colon = text.lastIndexOf(':');
      return new HostPort(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }
  }

  /** SnakeYAML resolves {@code <<: *name} as compose does; Jackson's own parser would not. */
  static Compose read(Path file) throws IOException {
    Object tree =
        new Yaml(new SafeConstructor(new LoaderOptions()))
            .load(new StringReader(Repository.read(file)));
    return new Compose(file, new YAMLMapper().valueToTree(tree));
  }

  Map<String, JsonNode> services() {
    Map<String, JsonNode> services = new LinkedHashMap<>();
    root.path("services").properties().forEach(s -> services.put(s.getKey(), s.getValue()));
    return services;
  }

  /** The services that are built from this repository. */
  Map<String, JsonNode> roles() {
    Map<String, JsonNode> roles = services();
    roles.values().removeIf(service -> !service.has("build"));
    return roles;
  }

  static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(item -> texts.add(item.asText()));
    return texts;
  }

  static Map<String, String> environment(JsonNode service) {
    Map<String, String> values = new LinkedHashMap<>();
    service
        .path("environment")
        .properties()
        .forEach(v -> values.put(v.getKey(), v.getValue().asText()));
    return values;
  }

  /** The Dockerfile of a service that is built. */
  Dockerfile dockerfile(JsonNode service) {
    Path context = file.resolveSibling(service.path("build").path("context").asText()).normalize();
    return Dockerfile.read(context.resolve(service.path("build").path("dockerfile").asText()));
  }
}
