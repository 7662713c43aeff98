package dev.headrace.protocol.event;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;

/**
 * Reads and writes times. Every record has two or three, and the JDK's parser takes two
 * microseconds for each, a tenth of what the router spends on a request (measured); its printer
 * takes half of that. So the form that Headrace itself writes, {@code 2026-11-23T10:15:30.123Z}, is
 * read and written by hand; all others are left to the JDK.
 */
public final class Rfc3339 {
  private static final int SECONDS_END = 19;
  private static final int MAX_FRACTION = 9;
  private static final int SECONDS_OF_DAY = 86_400;

  private Rfc3339() {}

  /**
   * The time.
   *
   * @throws DateTimeException when it is none
   */
  static Instant parse(String text) {
    int length = text.length();
    int digits = length - SECONDS_END - 2;
    boolean ours =
        length > SECONDS_END
            && text.charAt(length - 1) == 'Z'
            && text.charAt(4) == '-'
            && text.charAt(7) == '-'
            && text.charAt(10) == 'T'
            && text.charAt(13) == ':'
            && text.charAt(16) == ':'
            && (length == SECONDS_END + 1
                || (text.charAt(SECONDS_END) == '.' && digits >= 1 && digits <= MAX_FRACTION));
    return ours ? read(text, Math.max(0, digits)) : OffsetDateTime.parse(text).toInstant();
  }

  private static Instant read(String text, int digits) {
    int year = number(text, 0, 4);
    int month = number(text, 5, 7);
    int day = number(text, 8, 10);
    int hour = number(text, 11, 13);
    int minute = number(text, 14, 16);
    int second = number(text, 17, SECONDS_END);
    int fraction = number(text, SECONDS_END + 1, SECONDS_END + 1 + digits);
    if (year < 0 || month < 0 || day < 0 || fraction < 0) {
      throw new DateTimeException(text);
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
      throw new DateTimeException(text);
    }
    for (int i = digits; i < MAX_FRACTION; i++) {
      fraction *= 10;
    }
    long days = LocalDate.of(year, month, day).toEpochDay();
    return Instant.ofEpochSecond(((days * 24 + hour) * 60 + minute) * 60 + second, fraction);
  }

  /** The same text as {@link Instant#toString()}. */
  public static String format(Instant time) {
    long second = time.getEpochSecond();
    long days = Math.floorDiv(second, SECONDS_OF_DAY);
    LocalDate date = LocalDate.ofEpochDay(days);
    if (date.getYear() < 0 || date.getYear() > 9999) {
      return time.toString();
    }
    int ofDay = (int) (second - days * SECONDS_OF_DAY);
    int nano = time.getNano();
    int digits = nano == 0 ? 0 : nano % 1_000_000 == 0 ? 3 : nano % 1000 == 0 ? 6 : 9;
    byte[] out = new byte[SECONDS_END + (digits == 0 ? 0 : digits + 1) + 1];
    digits(out, 0, 4, date.getYear());
    out[4] = '-';
    digits(out, 5, 2, date.getMonthValue());
    out[7] = '-';
    digits(out, 8, 2, date.getDayOfMonth());
    out[10] = 'T';
    digits(out, 11, 2, ofDay / 3600);
    out[13] = ':';
    digits(out, 14, 2, ofDay / 60 % 60);
    out[16] = ':';
    digits(out, 17, 2, ofDay % 60);
    if (digits > 0) {
      out[SECONDS_END] = '.';
      int fraction = digits == 9 ? nano : digits == 6 ? nano / 1000 : nano / 1_000_000;
      digits(out, SECONDS_END + 1, digits, fraction);
    }
    out[out.length - 1] = 'Z';
    return new String(out, StandardCharsets.ISO_8859_1);
  }

  private static void digits(byte[] out, int at, int count, int value) {
    int rest = value;
    for (int i = at + count - 1; i >= at; i--) {
      out[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }

  /** The digits in this range as a number, 0 for none; -1 when one of them is no digit. */
  private static int number(String text, int from, int to) {
    int value = 0;
    for (int i = from; i < to; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return value;
  }
}
