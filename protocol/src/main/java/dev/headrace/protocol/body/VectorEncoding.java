package dev.headrace.protocol.body;

/** How an embedding is written in a response. */
public enum VectorEncoding {
  /** A JSON array of numbers; the default of the API. */
  FLOAT("float"),
  /** Base64 over little-endian float32; a quarter of the bytes and no digits lost. */
  BASE64("base64");

  private final String wireName;

  VectorEncoding(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }
}
