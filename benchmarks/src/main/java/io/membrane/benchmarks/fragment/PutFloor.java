package io.membrane.benchmarks.fragment;

import java.util.Locale;

/**
 * What a put cannot do without: a copy over loopback into the service, SHA-256, and all that a SET
 * by a client of Redis costs, which holds the second copy.
 *
 * @param shaSecondsPerGib SHA-256 on one core
 * @param loopback bare sockets, in the run in which the put was measured
 * @param redis SET, in the same run
 */
record PutFloor(double shaSecondsPerGib, Sample loopback, Sample redis) {

  private static final double GIB = 1L << 30;

  /**
   * The most that the parts leave, in GB/s. One connection does one after the other. Several share
   * the processors, and Redis answers none faster than it does alone.
   */
  double gigabytesPerSecond(int connections, int processors) {
    if (connections == 1) {
      return GIB / 1e9 / (seconds(loopback) + shaSecondsPerGib + seconds(redis));
    }
    return Math.min(processors * GIB / 1e9 / cpuSecondsPerGib(), redis.gigabytesPerSecond());
  }

  /**
   * The same in processor seconds, for any number of connections: what a busy machine leaves true.
   */
  double cpuSecondsPerGib() {
    return cpu(loopback) + shaSecondsPerGib + cpu(redis);
  }

  /** The three parts in words. */
  String parts(int connections) {
    return connections == 1
        ? String.format(
            Locale.ROOT,
            "%.2f + %.2f + %.2f s/GiB, one after the other",
            seconds(loopback),
            shaSecondsPerGib,
            seconds(redis))
        : String.format(
            Locale.ROOT,
            "%.2f + %.2f + %.2f CPU s/GiB, side by side",
            cpu(loopback),
            shaSecondsPerGib,
            cpu(redis));
  }

  private static double seconds(Sample sample) {
    return GIB / 1e9 / sample.gigabytesPerSecond();
  }

  static double cpu(Sample sample) {
    return sample.serverSecondsPerGib() + sample.clientSecondsPerGib();
  }
}
