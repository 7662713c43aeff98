package dev.headrace.worker.device;

/**
 * What the loop asks of the loader's thread.
 *
 * @param model the name
 * @param load whether to load it, else to unload it
 */
public record LoadCall(ModelLoader loader, String model, boolean load) {}
