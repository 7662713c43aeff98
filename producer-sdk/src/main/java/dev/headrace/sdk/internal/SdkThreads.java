package dev.headrace.sdk.internal;

import java.util.List;
import java.util.function.Consumer;

/** Makes the client's threads: all of them, and nowhere else. */
final class SdkThreads {
  static final String SENDER = "headrace-sdk-sender";
  static final String REPLIES = "headrace-sdk-replies";
  static final String STREAMS = "headrace-sdk-streams";
  static final String COMPLETIONS = "headrace-sdk-completions";

  private final LoopThread sender;
  private final LoopThread replies;
  private final LoopThread streams;
  private final LoopThread completions;

  /**
   * Makes the threads.
   *
   * @param onFailure told, on the thread, what ended it before its time
   */
  SdkThreads(
      LoopThread.Step sender,
      LoopThread.Step replies,
      LoopThread.Step streams,
      LoopThread.Step completions,
      Consumer<Throwable> onFailure) {
    this.sender = new LoopThread(SENDER, sender, onFailure);
    this.replies = new LoopThread(REPLIES, replies, onFailure);
    this.streams = new LoopThread(STREAMS, streams, onFailure);
    this.completions = new LoopThread(COMPLETIONS, completions, onFailure);
  }

  void start() {
    List.of(completions, replies, streams, sender).forEach(LoopThread::start);
  }

  /** In the order in which they end. */
  List<LoopThread> all() {
    return List.of(sender, replies, streams, completions);
  }

  LoopThread sender() {
    return sender;
  }

  LoopThread replies() {
    return replies;
  }

  LoopThread streams() {
    return streams;
  }

  LoopThread completions() {
    return completions;
  }
}
