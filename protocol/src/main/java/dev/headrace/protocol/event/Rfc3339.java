package dev.headrace.protocol.event;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;

/**
 * Reads times. Every record has two, and the JDK's parser takes two microseconds for each, a tenth
 * of what the router spends on a request (measured). So the form that Headrace itself writes,
 * {@code 2026-11-23T10:15:30.123Z}, is read by hand; all others are left to the JDK.
 */
final class Rfc3339 {
  private static final int SECONDS_END = 19;
  private static final int MAX_FRACTION = 9;

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
