package dev.headrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.channels.ServerSocketChannel;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LoopbackPortsTest {
  private static final long SEED = 7;

  @Test
  void port_in_use_is_passed_over() throws Exception {
    try (ServerSocketChannel first = new LoopbackPorts(new Random(SEED)).bindFree();
        ServerSocketChannel second = new LoopbackPorts(new Random(SEED)).bindFree()) {
      assertThat(LoopbackPorts.portOf(second)).isNotEqualTo(LoopbackPorts.portOf(first));
    }
  }

  @Test
  void ports_stay_below_those_of_outgoing_connections_and_on_the_loopback_address()
      throws Exception {
    try (ServerSocketChannel socket = new LoopbackPorts(new Random(SEED)).bindFree()) {
      assertThat(LoopbackPorts.portOf(socket)).isBetween(20_000, 31_999);
      assertThat(socket.socket().getInetAddress().getHostAddress()).isEqualTo("127.0.0.1");
    }
  }

  @Test
  void no_free_port_is_an_error_that_names_the_range() throws Exception {
    Random alwaysTheSame =
        new Random() {
          private static final long serialVersionUID = 1L;

          @Override
          public int nextInt(int origin, int bound) {
            return origin;
          }
        };
    try (ServerSocketChannel taken = LoopbackPorts.bind(20_000)) {
      assertThat(taken.isOpen()).isTrue();
      LoopbackPorts ports = new LoopbackPorts(alwaysTheSame);

      assertThatThrownBy(ports::bindFree)
          .isInstanceOf(EmbeddedServerException.class)
          .hasMessage(
              "no free port on 127.0.0.1 after 200 attempts (expected: one in 20000..31999)");
    }
  }
}
