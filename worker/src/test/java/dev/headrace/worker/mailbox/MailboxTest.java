package dev.headrace.worker.mailbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class MailboxTest {
  private final Mailbox<String> mailbox = new Mailbox<>(2);

  @Test
  void letters_come_in_order_and_a_full_box_takes_no_more() {
    assertThat(mailbox.offer("a")).isTrue();
    assertThat(mailbox.offer("b")).isTrue();
    assertThat(mailbox.offer("c")).isFalse();
    assertThat(mailbox.poll(0)).isEqualTo("a");
    assertThat(mailbox.poll(TimeUnit.SECONDS.toNanos(1))).isEqualTo("b");
    assertThat(mailbox.poll(0)).isNull();
    assertThat(mailbox.poll(1000)).isNull();
  }

  @Test
  void sender_waits_for_room() throws InterruptedException {
    mailbox.offer("a");
    mailbox.offer("b");
    AtomicBoolean put = new AtomicBoolean();
    Thread sender = new Thread(() -> put.set(mailbox.put("c")));
    sender.start();
    assertThat(mailbox.poll(0)).isEqualTo("a");
    sender.join();
    assertThat(put).isTrue();
    assertThat(mailbox.size()).isEqualTo(2);
  }

  @Test
  void closing_frees_a_sender_that_waits() throws InterruptedException {
    mailbox.offer("a");
    mailbox.offer("b");
    CountDownLatch begun = new CountDownLatch(1);
    AtomicBoolean put = new AtomicBoolean(true);
    Thread sender =
        new Thread(
            () -> {
              begun.countDown();
              put.set(mailbox.put("c"));
            });
    sender.start();
    begun.await();
    mailbox.close();
    sender.join();
    assertThat(put).isFalse();
    assertThat(mailbox.offer("d")).isFalse();
    assertThat(mailbox.isEmpty()).isTrue();
  }

  @Test
  void interrupted_sender_gives_up_and_stays_interrupted() {
    mailbox.offer("a");
    mailbox.offer("b");
    Thread.currentThread().interrupt();
    assertThat(mailbox.put("c")).isFalse();
    assertThat(Thread.interrupted()).isTrue();
    Thread.currentThread().interrupt();
    assertThat(new Mailbox<String>(1).poll(1000)).isNull();
    assertThat(Thread.interrupted()).isTrue();
  }
}
