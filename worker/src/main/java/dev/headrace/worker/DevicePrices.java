package dev.headrace.worker;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What devices cost: a list of prefixes of device types with dated prices. One comes with the
 * program; a file of the same form replaces it.
 */
public final class DevicePrices {
  private static final String BUILT_IN = "device_prices.csv";

  /**
   * The price of a type.
   *
   * @param prefix of the device types it is for
   * @param usdPerHour of one device
   * @param source who asks that, and when it was read
   */
  public record Price(String prefix, double usdPerHour, String source) {}

  private final List<Price> prices;

  private DevicePrices(List<Price> prices) {
    this.prices = List.copyOf(prices);
  }

  /** The list that comes with the program. */
  public static DevicePrices builtIn() {
    try (InputStream in = DevicePrices.class.getResourceAsStream(BUILT_IN)) {
      if (in == null) {
        throw new IllegalStateException(BUILT_IN + ": not on the class path");
      }
      return parse(new InputStreamReader(in, StandardCharsets.UTF_8), BUILT_IN);
    } catch (IOException e) {
      throw new IllegalStateException(BUILT_IN + ": " + e.getMessage(), e);
    }
  }

  /**
   * A list of the same form.
   *
   * @throws IOException when the file cannot be read or a line is malformed; names the line
   */
  public static DevicePrices read(Path file) throws IOException {
    try (Reader reader = Files.newBufferedReader(file)) {
      return parse(reader, file.toString());
    }
  }

  private static DevicePrices parse(Reader from, String name) throws IOException {
    List<Price> prices = new ArrayList<>();
    BufferedReader reader = new BufferedReader(from);
    int number = 0;
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      number++;
      if (!line.isBlank() && !line.startsWith("#")) {
        prices.add(price(line, name + ":" + number));
      }
    }
    return new DevicePrices(prices);
  }

  private static Price price(String line, String where) throws IOException {
    String[] parts = line.split(",", 3);
    try {
      double usd = parts.length == 3 ? Double.parseDouble(parts[1].strip()) : -1;
      if (usd >= 0 && usd < 1e6 && !parts[0].isBlank()) {
        return new Price(parts[0].strip(), usd, parts[2].strip());
      }
    } catch (NumberFormatException e) {
      throw malformed(line, where);
    }
    throw malformed(line, where);
  }

  private static IOException malformed(String line, String where) {
    return new IOException(where + ": " + line + " (expected: prefix,usd_per_hour,source)");
  }

  /** The first price whose prefix a device type has. */
  public Optional<Price> of(String deviceType) {
    return prices.stream().filter(p -> deviceType.startsWith(p.prefix())).findFirst();
  }
}
