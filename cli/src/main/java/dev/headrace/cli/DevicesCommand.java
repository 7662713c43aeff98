package dev.headrace.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.worker.DevicePrices;
import dev.headrace.worker.cuda.Gpu;
import dev.headrace.worker.cuda.GpuState;
import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.model.Precision;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headrace devices}. */
@Command(
    name = "devices",
    description = "List what models can run on here: properties, state, device type, price.",
    mixinStandardHelpOptions = true)
final class DevicesCommand implements Callable<Integer> {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final double GIB = 1L << 30;

  @Option(names = "--json", description = "Print one JSON object as the last line.")
  boolean json;

  @Override
  public Integer call() throws Exception {
    ObjectNode root = MAPPER.createObjectNode();
    ArrayNode devices = root.putArray("devices");
    DevicePrices prices = DevicePrices.builtIn();
    for (ComputeDevice device : DeviceInventory.discover()) {
      ObjectNode node = devices.addObject();
      String type = device.typeName(Precision.FLOAT32);
      node.put("device", device.kind() == ComputeDevice.Kind.CPU ? "cpu" : "cuda:" + device.index())
          .put("device_type", type)
          .put("name", device.name())
          .put("memory_bytes", device.memoryBytes());
      if (device.kind() == ComputeDevice.Kind.CPU) {
        node.put("cores", device.cores()).put("features", String.join(" ", device.features()));
      } else {
        DeviceInventory.describe(device.index()).ifPresent(g -> gpu(node, g));
      }
      prices
          .of(type)
          .ifPresent(p -> node.put("usd_per_hour", p.usdPerHour()).put("price_source", p.source()));
    }
    if (json) {
      System.out.println(MAPPER.writeValueAsString(root));
    } else {
      devices.forEach(d -> System.out.println(line((ObjectNode) d)));
    }
    return 0;
  }

  private static void gpu(ObjectNode node, Gpu gpu) {
    node.put("uuid", gpu.uuid())
        .put("pci", gpu.pciBusId())
        .put("mig_profile", gpu.migProfile())
        .put("multiprocessors", gpu.multiprocessors())
        .put("compute_capability", gpu.capabilityMajor() + "." + gpu.capabilityMinor());
    ArrayNode links = node.putArray("nvlinks");
    gpu.nvLinks().forEach(links::add);
    Optional<GpuState> state = DeviceInventory.state(gpu);
    if (state.isPresent()) {
      GpuState now = state.get();
      node.put("memory_free_bytes", now.memoryFreeBytes())
          .put("utilisation", now.utilisation())
          .put("celsius", now.celsius())
          .put("watts", now.watts())
          .put("watts_limit", now.wattsLimit());
      ArrayNode processes = node.putArray("processes");
      now.processes()
          .forEach(
              p -> processes.addObject().put("pid", p.pid()).put("memory_bytes", p.memoryBytes()));
    }
  }

  private static String line(ObjectNode d) {
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%-7s %-28s %s, %.1f GiB",
                d.path("device").asText(),
                d.path("device_type").asText(),
                d.path("name").asText(),
                d.path("memory_bytes").asLong() / GIB));
    if (d.has("cores")) {
      text.append(", ").append(d.path("cores").asInt()).append(" cores, ");
      text.append(d.path("features").asText());
    }
    if (d.has("multiprocessors")) {
      text.append(", ").append(d.path("multiprocessors").asInt()).append(" multiprocessors, ");
      text.append("compute ").append(d.path("compute_capability").asText());
      text.append(", ").append(d.path("nvlinks").size()).append(" NVLinks");
    }
    if (d.has("memory_free_bytes")) {
      text.append(
          String.format(
              Locale.ROOT,
              "; %.1f GiB free, %.0f %% busy, %d degrees, %.0f of %.0f W, %d processes",
              d.path("memory_free_bytes").asLong() / GIB,
              100 * d.path("utilisation").asDouble(),
              d.path("celsius").asInt(),
              d.path("watts").asDouble(),
              d.path("watts_limit").asDouble(),
              d.path("processes").size()));
    }
    if (d.has("usd_per_hour")) {
      text.append("; ").append(d.path("usd_per_hour").asDouble()).append(" $/h (");
      text.append(d.path("price_source").asText()).append(')');
    }
    return text.toString();
  }
}
