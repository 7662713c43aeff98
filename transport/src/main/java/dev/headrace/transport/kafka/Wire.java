package dev.headrace.transport.kafka;

import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** Our records and Kafka's. */
final class Wire {
  private Wire() {}

  static ProducerRecord<byte[], byte[]> toKafka(String topic, WireRecord record) {
    List<Header> headers = new ArrayList<>(record.headers().size());
    for (WireHeader header : record.headers()) {
      headers.add(new RecordHeader(header.name(), header.value()));
    }
    return new ProducerRecord<>(topic, null, null, record.key(), record.value(), headers);
  }

  static WireRecord fromKafka(ConsumerRecord<byte[], byte[]> record) {
    Header[] from = record.headers().toArray();
    WireHeader[] headers = new WireHeader[from.length];
    for (int i = 0; i < from.length; i++) {
      headers[i] = new WireHeader(from[i].key(), from[i].value());
    }
    return new WireRecord(record.key(), List.of(headers), record.value());
  }
}
