package dev.headrace.transport.kafka;

import dev.headrace.protocol.event.WireRecord;
import dev.headrace.transport.testing.FakeConsumer;
import dev.headrace.transport.testing.FakeTopics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** The fake keeps the contract; this test is the group's coordinator. */
class FakeConsumerTest extends EventConsumerContract {
  private final FakeTopics topics = new FakeTopics();
  private final Slot zero = new Slot(topic(), 0);
  private final Slot one = new Slot(topic(), 1);
  private final List<FakeConsumer> members = new ArrayList<>();

  @Override
  String topic() {
    return "t";
  }

  @Override
  EventConsumer join(EventConsumer.Listener listener) {
    FakeConsumer fake = new FakeConsumer(topics, listener, 500);
    members.add(fake);
    if (members.size() == 1) {
      fake.assign(zero, one);
    } else {
      members.get(0).revoke(one);
      fake.assign(one);
    }
    return new Member(fake);
  }

  @Override
  void append(int partition, WireRecord record) {
    topics.append(new Slot(topic(), partition), 0, record);
  }

  /** When a member leaves, the others get its slots. */
  private final class Member implements EventConsumer {
    private final FakeConsumer fake;

    Member(FakeConsumer fake) {
      this.fake = fake;
    }

    @Override
    public List<Received> poll(Duration timeout) {
      return fake.poll(timeout);
    }

    @Override
    public boolean owns(Received record) {
      return fake.owns(record);
    }

    @Override
    public void acknowledge(Received record) {
      fake.acknowledge(record);
    }

    @Override
    public Set<Slot> assigned() {
      return fake.assigned();
    }

    @Override
    public void pause(Collection<Slot> slots) {
      fake.pause(slots);
    }

    @Override
    public void resume(Collection<Slot> slots) {
      fake.resume(slots);
    }

    @Override
    public void commit() {
      fake.commit();
    }

    @Override
    public void close(Duration timeout) {
      Slot[] left = fake.assigned().toArray(new Slot[0]);
      fake.close(timeout);
      members.remove(fake);
      members.forEach(m -> m.assign(left));
    }
  }
}
