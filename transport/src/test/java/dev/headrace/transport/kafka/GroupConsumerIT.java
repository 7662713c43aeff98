package dev.headrace.transport.kafka;

import dev.headrace.protocol.event.WireRecord;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;

/** Both group protocols keep the contract. */
class GroupConsumerIT extends KafkaServerSuite {
  abstract class Contract extends EventConsumerContract {
    private final GroupProtocol protocol;

    Contract(GroupProtocol protocol) {
      this.protocol = protocol;
    }

    @Override
    String topic() {
      return topic;
    }

    @Override
    EventConsumer join(EventConsumer.Listener listener) {
      KafkaConfig config = config(Map.of("kafka.group-protocol", protocol.wireName()));
      return new GroupConsumer(config, "group-" + topic, List.of(topic), listener);
    }

    @Override
    void append(int partition, WireRecord record) {
      appendRaw(partition, record);
    }
  }

  @Nested
  class ConsumerProtocol extends Contract {
    ConsumerProtocol() {
      super(GroupProtocol.CONSUMER);
    }
  }

  @Nested
  class ClassicProtocol extends Contract {
    ClassicProtocol() {
      super(GroupProtocol.CLASSIC);
    }
  }
}
