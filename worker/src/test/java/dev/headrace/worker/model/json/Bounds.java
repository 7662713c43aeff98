package dev.headrace.worker.model.json;

import com.sun.management.ThreadMXBean;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/**
 * Runs readers on damaged documents: each ends well or in a clear error, soon, in little memory.
 */
public final class Bounds {
  /** Reads a damaged document, and what it says is there. */
  @FunctionalInterface
  public interface Reader {
    void read(byte[] document) throws IOException;
  }

  private static final int MAX_MESSAGE = 1000;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final long mostBytes;
  private final long bytesPerByte;
  private int read;
  private int refused;

  /** Of memory, a read may take {@code mostBytes} and {@code bytesPerByte} for each of input. */
  public Bounds(long mostBytes, long bytesPerByte) {
    this.mostBytes = mostBytes;
    this.bytesPerByte = bytesPerByte;
  }

  /** Reads the document; {@code hint} says in a failure how to make it again. */
  public void check(byte[] document, String hint, Reader reader) {
    long most = mostBytes + bytesPerByte * document.length;
    // The first time a class may have been loaded; what a document costs it costs again.
    if (allocated(document, hint, reader) > most && allocated(document, hint, reader) > most) {
      throw new AssertionError(hint + ": more memory than " + most + " bytes");
    }
  }

  private long allocated(byte[] document, String hint, Reader reader) {
    long before = threads.getCurrentThreadAllocatedBytes();
    try {
      reader.read(document);
      read++;
    } catch (MalformedModelException e) {
      String message = String.valueOf(e.getMessage());
      // By hand: a hundred thousand assertions would take longer than the reads.
      if (!message.contains("expected: ") || message.length() > MAX_MESSAGE) {
        throw new AssertionError(hint + ": not a clear and short message", e);
      }
      refused++;
    } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new AssertionError(hint + " (expected: a read or a MalformedModelException)", e);
    }
    return threads.getCurrentThreadAllocatedBytes() - before;
  }

  /** How many documents were read in spite of the damage. */
  public int read() {
    return read;
  }

  public int refused() {
    return refused;
  }
}
