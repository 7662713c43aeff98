package dev.headrace.worker.model;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The models a worker knows by name. Immutable. */
public final class ModelCatalog {
  private final Map<String, ModelDescription> models;

  public ModelCatalog(Collection<ModelDescription> models) {
    Map<String, ModelDescription> byName = new TreeMap<>();
    for (ModelDescription model : models) {
      if (byName.putIfAbsent(model.name(), model) != null) {
        throw new IllegalArgumentException(
            "model: " + model.name() + " twice (expected: distinct names)");
      }
    }
    this.models = byName;
  }

  /**
   * The models that come with the program: {@code all-minilm-l6-v2}.
   *
   * @throws MissingModelException when their files are not on the class path
   */
  public static ModelCatalog builtIn() {
    return new ModelCatalog(List.of(MiniLm.describe()));
  }

  /** These models and others; of two with one name the other counts. */
  public ModelCatalog with(Collection<ModelDescription> others) {
    Map<String, ModelDescription> all = new TreeMap<>(models);
    new ModelCatalog(others).models.forEach(all::put);
    return new ModelCatalog(all.values());
  }

  public SortedSet<String> names() {
    return Collections.unmodifiableSortedSet(new TreeSet<>(models.keySet()));
  }

  public Optional<ModelDescription> find(String name) {
    return Optional.ofNullable(models.get(name));
  }
}
