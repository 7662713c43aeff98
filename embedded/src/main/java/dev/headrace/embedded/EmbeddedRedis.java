package dev.headrace.embedded;

import dev.headrace.embedded.RedisProcess.PortTakenException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.embedded.core.ExecutableProvider;

/**
 * A real redis-server (6.2, the oldest version that Headrace supports) as a child process, on
 * 127.0.0.1.
 *
 * <p>It keeps nothing on disk unless settings say so: after {@link #stop()} and {@link #start()} it
 * is empty, on the same port. When this JVM ends without {@link #close()}, also by SIGKILL, a shell
 * that watches the JVM kills redis-server and deletes its folder; only a SIGKILL to the whole
 * session or container takes the shell along, and then, outside a container, redis-server may stay.
 */
public final class EmbeddedRedis extends FolderServer {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedRedis.class);
  private static final int PORT_ATTEMPTS = 20; // chosen: losing the race once is rare already

  private final Map<String, String> settings;
  private @Nullable Path executable;
  private @Nullable RedisProcess process;
  private int port; // 0 until the first start

  private EmbeddedRedis(Map<String, String> settings) {
    super("headrace-redis-");
    this.settings = settings;
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts redis-server, or starts it again on its port; returns when it takes connections.
   *
   * @throws EmbeddedServerException when it does not start; nothing is left behind then
   */
  public synchronized EmbeddedRedis start() {
    requireOpen();
    if (process != null) {
      return this;
    }
    long begin = System.nanoTime();
    try {
      process = port == 0 ? startOnFreePort() : startOn(port);
    } catch (IOException e) {
      throw new EmbeddedServerException("embedded Redis did not start", e);
    } finally {
      if (process == null) {
        close();
      }
    }
    log.info(
        "Redis started uri={} pid={} millis={}",
        uri(),
        process.pid(),
        Duration.ofNanos(System.nanoTime() - begin).toMillis());
    return this;
  }

  /** Redis binds by number, so the port may be gone between the choice and the bind. */
  private RedisProcess startOnFreePort() throws IOException {
    LoopbackPorts ports = new LoopbackPorts(ThreadLocalRandom.current());
    for (int attempt = 1; ; attempt++) {
      int candidate = ports.probeFree();
      try {
        RedisProcess started = startOn(candidate);
        port = candidate;
        return started;
      } catch (PortTakenException e) {
        if (attempt == PORT_ATTEMPTS) {
          throw e;
        }
        log.info("Port taken meanwhile, trying another port={}", candidate);
      }
    }
  }

  private RedisProcess startOn(int onPort) throws IOException {
    Path data = dataFolder();
    Path configuration = data.resolve("redis.conf");
    Files.write(configuration, configurationLines(onPort, data));
    return RedisProcess.start(executable(data), configuration, data);
  }

  private Path executable(Path data) throws IOException {
    if (executable == null) {
      executable = ExecutableProvider.newJarResourceProvider(data.toFile()).get().toPath();
    }
    return executable;
  }

  private List<String> configurationLines(int onPort, Path data) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("save", "\"\"");
    all.put("appendonly", "no");
    all.putAll(settings);
    all.put("bind", LoopbackPorts.HOST);
    all.put("port", Integer.toString(onPort));
    all.put("dir", "\"" + data + "\"");
    all.put("daemonize", "no");
    all.put("logfile", "\"\"");
    List<String> lines = new ArrayList<>();
    all.forEach((name, value) -> lines.add(name + " " + value));
    return lines;
  }

  /** {@code redis://127.0.0.1:port}; the same before and after a stop. */
  public String uri() {
    return "redis://" + LoopbackPorts.HOST + ":" + port();
  }

  public synchronized int port() {
    if (port == 0) {
      throw new IllegalStateException("state: new (expected: started)");
    }
    return port;
  }

  /** The process id of redis-server while it runs. */
  public synchronized long pid() {
    if (process == null) {
      throw new IllegalStateException("state: not running (expected: started)");
    }
    return process.pid();
  }

  /** Ends redis-server: clients lose their connections, and all data unless persistence is set. */
  @Override
  public synchronized void stop() {
    RedisProcess stopping = process;
    process = null;
    if (stopping != null) {
      stopping.stop();
    }
  }

  /** Ends redis-server and deletes its folder; at most 20 s, harmless when repeated. */
  @Override
  public synchronized void close() {
    super.close();
  }

  /** Collects redis-server settings that differ from the defaults above. */
  public static final class Builder extends SettingsBuilder<Builder> {
    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /** Sets a line of redis.conf, for example {@code appendonly} to {@code yes}. */
    @Override
    public Builder setting(String name, String value) {
      return super.setting(name, value);
    }

    public EmbeddedRedis build() {
      return new EmbeddedRedis(settings());
    }
  }
}
