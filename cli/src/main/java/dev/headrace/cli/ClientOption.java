package dev.headrace.cli;

import dev.headrace.protocol.config.Settings;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.SdkConfig;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.redis.RedisConfig;
import java.util.Map;
import picocli.CommandLine.Option;

/** As whom the command line talks: results belong to a client. */
final class ClientOption {
  @Option(
      names = "--client",
      defaultValue = "headrace-cli",
      description = "Client id; results belong to it. Default: ${DEFAULT-VALUE}.")
  String id = "";

  /** Opens the client; settings that are given nowhere are those of the running stack. */
  HeadraceClient open(ConnectionOptions connection) {
    Settings settings = connection.readOrRunning(Map.of("sdk.client-id", id));
    SdkConfig sdk = SdkConfig.read(settings);
    KafkaConfig kafka = KafkaConfig.read(settings);
    RedisConfig redis = RedisConfig.read(settings);
    settings.requireValid(ConfigurationDoc.keys());
    return HeadraceClient.open(sdk, kafka, redis);
  }
}
