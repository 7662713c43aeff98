package dev.headrace.embedded;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Free ports on 127.0.0.1, below the range from which the kernel numbers outgoing connections.
 *
 * <p>A port that the kernel hands out (bind to 0) lies inside that range. While its server is
 * stopped for a moment, any outgoing connection may take it; a client that keeps connecting to it
 * may even reach itself (TCP simultaneous open), and the server never gets it back. The range below
 * stays clear of Linux' default 32768 to 60999, of macOS' 49152 to 65535, and of the usual fixed
 * ports of Kafka and Redis.
 */
final class LoopbackPorts {
  private static final Logger log = LoggerFactory.getLogger(LoopbackPorts.class);

  static final String HOST = "127.0.0.1";

  private static final int FIRST = 20_000;
  private static final int END = 32_000;
  private static final int ATTEMPTS =
      200; // chosen: a tenth of the range in use still always passes

  private final RandomGenerator random;

  LoopbackPorts(RandomGenerator random) {
    this.random = random;
  }

  /** A listening-ready socket on a free port; the caller closes it. */
  ServerSocketChannel bindFree() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = random.nextInt(FIRST, END);
      try {
        return bind(port);
      } catch (BindException e) {
        log.debug("Port taken port={}", port);
      } catch (IOException e) {
        throw new EmbeddedServerException("cannot open a socket on " + HOST + ":" + port, e);
      }
    }
    throw new EmbeddedServerException(
        "no free port on "
            + HOST
            + " after "
            + ATTEMPTS
            + " attempts (expected: one in "
            + FIRST
            + ".."
            + (END - 1)
            + ")",
        null);
  }

  /** A port that was free a moment ago: whoever uses it must be ready to find it taken. */
  int probeFree() {
    try (ServerSocketChannel socket = bindFree()) {
      return portOf(socket);
    } catch (IOException e) {
      throw new EmbeddedServerException("cannot close a probe socket on " + HOST, e);
    }
  }

  static ServerSocketChannel bind(int port) throws IOException {
    ServerSocketChannel socket = ServerSocketChannel.open();
    try {
      // Connections of the server before a restart may linger in TIME_WAIT.
      socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  static int portOf(ServerSocketChannel socket) throws IOException {
    return ((InetSocketAddress) socket.getLocalAddress()).getPort();
  }
}
