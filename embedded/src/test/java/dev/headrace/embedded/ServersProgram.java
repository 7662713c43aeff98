package dev.headrace.embedded;

import java.util.concurrent.CountDownLatch;

/** A program of its own process for {@link EmbeddedServersExitIT}: starts the servers and waits. */
public final class ServersProgram {
  private ServersProgram() {}

  public static void main(String[] args) throws InterruptedException {
    boolean hook = Boolean.parseBoolean(args[0]);
    EmbeddedServers servers = EmbeddedServers.builder().shutdownHook(hook).build().start();
    System.out.println("redis-pid " + servers.redis().pid());
    System.out.flush();
    new CountDownLatch(1).await();
  }
}
