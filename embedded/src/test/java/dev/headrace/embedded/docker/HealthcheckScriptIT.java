package dev.headrace.embedded.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthcheckScriptIT {
  private HttpServer program;
  private volatile int answer = 200;

  @BeforeEach
  void start() throws Exception {
    program = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4);
    program.createContext(
        "/health",
        exchange -> {
          byte[] body = "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(answer, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    program.start();
  }

  @AfterEach
  void stop() {
    program.stop(0);
  }

  @Test
  void ends_with_0_when_the_program_is_well() throws Exception {
    assertThat(check(program.getAddress().getPort())).isZero();
  }

  @Test
  void ends_with_1_when_the_program_is_not_well() throws Exception {
    answer = 503;

    assertThat(check(program.getAddress().getPort())).isEqualTo(1);
  }

  @Test
  void ends_with_1_when_nobody_listens() throws Exception {
    int port = program.getAddress().getPort();
    program.stop(0);

    assertThat(check(port)).isEqualTo(1);
  }

  private static int check(int port) throws Exception {
    ProcessBuilder script =
        new ProcessBuilder("bash", Repository.docker().resolve("healthcheck.sh").toString());
    script.environment().put("HEADRACE_HTTP_PORT", Integer.toString(port));
    Process process = script.redirectErrorStream(true).start();
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }
}
