package dev.headrace.cli;

import dev.headrace.protocol.config.Settings;

/**
 * Where a role answers HTTP.
 *
 * @param address to bind
 * @param port 0 for any free one
 */
record HttpConfig(String address, int port) {
  static HttpConfig read(Settings s) {
    return new HttpConfig(
        s.text("http.address", "127.0.0.1", "an address to bind", "Address of the HTTP server."),
        s.integer(
            "http.port",
            0,
            0,
            65535,
            "Port of the HTTP server, with /health and /metrics; 0: any."));
  }
}
