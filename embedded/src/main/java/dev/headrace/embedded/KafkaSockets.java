package dev.headrace.embedded;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.server.ServerSocketFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two sockets of a node, bound before the node knows its settings, so that no other process can
 * take a port in between. The node takes each over by asking for it; {@link #close()} closes what
 * it did not ask for.
 */
final class KafkaSockets implements ServerSocketFactory, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KafkaSockets.class);

  private final int brokerPort;
  private final int controllerPort;
  private @Nullable ServerSocketChannel broker;
  private @Nullable ServerSocketChannel controller;

  private KafkaSockets(ServerSocketChannel broker, ServerSocketChannel controller) {
    this.broker = broker;
    this.controller = controller;
    this.brokerPort = broker.socket().getLocalPort();
    this.controllerPort = controller.socket().getLocalPort();
  }

  /** Binds the given ports; 0 stands for any free one. */
  static KafkaSockets bind(int brokerPort, int controllerPort) throws IOException {
    ServerSocketChannel broker = bind(brokerPort);
    try {
      return new KafkaSockets(broker, bind(controllerPort));
    } catch (IOException | RuntimeException e) {
      broker.close();
      throw e;
    }
  }

  private static ServerSocketChannel bind(int port) throws IOException {
    return port == 0
        ? new LoopbackPorts(ThreadLocalRandom.current()).bindFree()
        : LoopbackPorts.bind(port);
  }

  int brokerPort() {
    return brokerPort;
  }

  int controllerPort() {
    return controllerPort;
  }

  @Override
  public synchronized ServerSocketChannel openServerSocket(
      String listener, InetSocketAddress address, int backlog, int receiveBufferBytes)
      throws IOException {
    ServerSocketChannel socket;
    if (listener.equals(KafkaSettings.BROKER_LISTENER)) {
      socket = broker;
      broker = null;
    } else {
      socket = controller;
      controller = null;
    }
    if (socket == null) {
      throw new IOException("listener: " + listener + " (expected: opened only once)");
    }
    socket.configureBlocking(false);
    return socket;
  }

  @Override
  public synchronized void close() {
    closeUnused(broker);
    closeUnused(controller);
    broker = null;
    controller = null;
  }

  private static void closeUnused(@Nullable ServerSocketChannel socket) {
    if (socket == null) {
      return;
    }
    try {
      socket.close();
    } catch (IOException e) {
      log.warn("Unused socket did not close", e);
    }
  }
}
