package io.membrane.benchmarks.fragment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Processor seconds so far, from {@code /proc} of Linux in steps of 10 ms.
 *
 * @param servers of the measured processes
 * @param client of this process
 * @param machine of everybody, time stolen by the host included
 */
record CpuTime(double servers, double client, double machine) {

  /** The kernel's USER_HZ, the same on every architecture. */
  private static final double TICKS_PER_SECOND = 100;

  /** User and system time in /proc/pid/stat, counted from behind the command's name. */
  private static final int USER = 11;

  private static final int SYSTEM = 12;

  /** Idle and waiting for disks in /proc/stat; the first eight columns are all there is. */
  private static final int IDLE = 4;

  private static final int WAITING = 5;
  private static final int COLUMNS = 8;

  static CpuTime of(List<Long> servers) {
    return new CpuTime(
        servers.stream().mapToDouble(CpuTime::ofProcess).sum(),
        ofProcess(ProcessHandle.current().pid()),
        ofMachine());
  }

  CpuTime since(CpuTime start) {
    return new CpuTime(servers - start.servers, client - start.client, machine - start.machine);
  }

  CpuTime plus(CpuTime more) {
    return new CpuTime(servers + more.servers, client + more.client, machine + more.machine);
  }

  private static double ofProcess(long pid) {
    String stat = read(Path.of("/proc", Long.toString(pid), "stat"));
    String[] columns = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(columns[USER]) + Long.parseLong(columns[SYSTEM])) / TICKS_PER_SECOND;
  }

  private static double ofMachine() {
    String[] columns =
        read(Path.of("/proc/stat")).lines().findFirst().orElseThrow().split(" +", -1);
    long all = Arrays.stream(columns, 1, 1 + COLUMNS).mapToLong(Long::parseLong).sum();
    return (all - Long.parseLong(columns[IDLE]) - Long.parseLong(columns[WAITING]))
        / TICKS_PER_SECOND;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
