package dev.headrace.router.state;

/**
 * The work in one lane, in seconds of device time: what Kafka counted at the last reading, less
 * what the workers must have done since, plus what this router sent since.
 *
 * <pre>
 *   max(0, lag × mean seconds per record − workers × age of the reading) + routers × (sent − mark)
 * </pre>
 *
 * <p>The mark is what was surely in the topic when the reading was asked for. What was appended
 * between asking and counting is counted twice until the next reading: the estimate errs to the
 * safe side. Several routers read at the same times and each may send its share of a lane's room
 * until the next reading, so what this one sent counts once for each of them. Work is taken as done
 * for at most {@link #MAX_AGE_SECONDS}, so that stalled workers or missing readings let the lane
 * fill up and not run over.
 */
final class LaneLedger {
  static final double MAX_AGE_SECONDS = 1;

  /**
   * Records after which an older record counts half for the mean: as many as there are in the lane,
   * for they were sent last, within these limits (chosen). Predictions change while a worker warms
   * up; what was sent long before would keep a lane looking full.
   */
  private static final int SHORTEST_HALF_LIFE = 32;

  private static final int LONGEST_HALF_LIFE = 1000;

  private double sent;
  private double appended;
  private double recentSeconds;
  private int recentRecords;
  private double mark;
  private long lag;
  private long readAtNanos;

  LaneLedger(long nowNanos) {
    this.readAtNanos = nowNanos;
  }

  /** Notes a request that is on its way to the lane's topic. */
  void sent(double seconds) {
    sent += seconds;
    recentSeconds += seconds;
    long halfLife = Math.max(SHORTEST_HALF_LIFE, Math.min(LONGEST_HALF_LIFE, lag));
    if (++recentRecords >= 2 * halfLife) {
      recentRecords /= 2;
      recentSeconds /= 2;
    }
  }

  /** Notes that the request did not get there. */
  void withdrawn(double seconds) {
    sent -= seconds;
  }

  /** Notes that the request is in the topic. */
  void appended(double seconds) {
    appended += seconds;
  }

  /** What is in the topic now. */
  double mark() {
    return appended;
  }

  /**
   * Takes a reading.
   *
   * @param records in the lane
   * @param markThen {@link #mark} when it was asked for
   */
  void read(long records, double markThen, long askedAtNanos) {
    this.lag = records;
    this.mark = markThen;
    this.readAtNanos = askedAtNanos;
  }

  /**
   * Seconds of work in the lane.
   *
   * @param usual seconds of a record, when this router has sent none yet
   * @param routers that send to the lane, this one included
   */
  double seconds(int workers, double usual, int routers, long nowNanos) {
    double mean = recentRecords == 0 ? usual : recentSeconds / recentRecords;
    double age = Math.min((nowNanos - readAtNanos) * 1e-9, MAX_AGE_SECONDS);
    return Math.max(0, lag * mean - workers * age) + routers * Math.max(0, sent - mark);
  }

  /** Records in the lane, as far as this router knows. */
  double records(double usual) {
    double mean = recentRecords == 0 ? usual : recentSeconds / recentRecords;
    return mean > 0 ? lag + Math.max(0, sent - mark) / mean : lag;
  }

  long lag() {
    return lag;
  }
}
