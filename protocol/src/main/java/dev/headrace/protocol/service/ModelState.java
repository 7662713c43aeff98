package dev.headrace.protocol.service;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How near a model is to running on a worker. */
public enum ModelState {
  /** Runs at once. */
  LOADED,
  /** Being loaded; its requests wait. */
  LOADING,
  /** Loaded when a request for it comes. */
  LOADABLE,
  /** Could not be loaded; tried again for a request that comes later. */
  FAILED;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<ModelState> ofWireName(String name) {
    return Arrays.stream(values()).filter(s -> s.wireName().equals(name)).findFirst();
  }
}
