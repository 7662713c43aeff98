package dev.headrace.worker.loop;

/** Decimal numbers as text, each made for every outcome: BigDecimal takes five times as long. */
final class Decimals {
  private Decimals() {}

  /**
   * A number without exponent and without zeros at the end of its fraction.
   *
   * @param unscaled its digits, not negative
   * @param scale how many of them stand behind the point; negative for zeros before it
   */
  static String plain(long unscaled, int scale) {
    long digits = unscaled;
    int behind = scale;
    while (behind > 0 && digits % 10 == 0) {
      digits /= 10;
      behind--;
    }
    String text = Long.toString(digits);
    if (behind <= 0) {
      return digits == 0 ? "0" : text + "0".repeat(-behind);
    }
    int before = text.length() - behind;
    return before > 0
        ? text.substring(0, before) + "." + text.substring(before)
        : "0." + "0".repeat(-before) + text;
  }
}
