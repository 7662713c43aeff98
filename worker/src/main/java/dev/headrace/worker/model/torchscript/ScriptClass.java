package dev.headrace.worker.model.torchscript;

/**
 * A TorchScript module class.
 *
 * @param name the simple name; the code calls it {@code __torch__.<name>}
 * @param declarations attributes that are not taken from its objects, one a line, such as {@code p
 *     : Tensor}; empty for most
 * @param methods serialised TorchScript: {@code def} blocks without indentation
 */
public record ScriptClass(String name, String declarations, String methods) {
  public ScriptClass(String name, String methods) {
    this(name, "", methods);
  }

  /** The name by which code and pickle know it. */
  public String qualifiedName() {
    return "__torch__." + name;
  }
}
