package dev.headrace.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;

/** What this JVM has used since this was made. */
public final class JvmTimes {
  private final OperatingSystemMXBean os =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final CompilationMXBean compilers = ManagementFactory.getCompilationMXBean();
  private final long startNanos = System.nanoTime();
  private final long cpuNanos = os.getProcessCpuTime();
  private final long compilerMillis = compilers.getTotalCompilationTime();

  public double seconds() {
    return (System.nanoTime() - startNanos) / 1e9;
  }

  /** CPU time of all threads, in seconds. */
  public double cpuSeconds() {
    return (os.getProcessCpuTime() - cpuNanos) / 1e9;
  }

  /** Time that the JVM's compilers took, in seconds. */
  public double compilerSeconds() {
    return (compilers.getTotalCompilationTime() - compilerMillis) / 1e3;
  }

  /** The compilers' share of the CPU time; small when all is warm. */
  public double compilerShare() {
    return compilerSeconds() / cpuSeconds();
  }
}
