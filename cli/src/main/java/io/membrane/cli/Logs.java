package io.membrane.cli;

import io.membrane.cli.fleet.LogTail;
import io.membrane.cli.fleet.Member;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "logs",
    mixinStandardHelpOptions = true,
    description = "Show the end of the logs, of one process or of all.")
final class Logs implements Callable<Integer> {

  private static final Duration POLL = Duration.ofMillis(300);
  private static final int PIECE_BYTES = 64 * 1024;

  private final Membrane membrane;

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "E.g. gateway, redis.")
  private @Nullable String name;

  @Option(
      names = "-n",
      paramLabel = "LINES",
      description = "Lines of each. Default: ${DEFAULT-VALUE}.")
  private int lines = 40;

  @Option(names = "-f", description = "Go on with what is written from now on.")
  private boolean follow;

  Logs(Membrane membrane) {
    this.membrane = membrane;
  }

  @Override
  public Integer call() throws IOException {
    List<Member> members =
        name == null ? Arrays.asList(Member.values()) : List.of(Member.named(name));
    PrintWriter out = membrane.out();
    Map<Path, Long> ends = new LinkedHashMap<>();
    for (Member member : members) {
      Path log = membrane.state().resolve("logs").resolve(member.label() + ".log");
      if (!Files.exists(log)) {
        continue;
      }
      ends.put(log, Files.size(log));
      if (members.size() > 1) {
        out.println("==> " + member.label() + " <==");
      }
      LogTail.of(log, lines).forEach(out::println);
    }
    out.flush();
    if (ends.isEmpty()) {
      out.println("There are no logs; ./membrane up writes them.");
      return 1;
    }
    while (follow && !Thread.currentThread().isInterrupted()) {
      for (Map.Entry<Path, Long> log : ends.entrySet()) {
        log.setValue(printFrom(log.getKey(), log.getValue(), out));
      }
      out.flush();
      LockSupport.parkNanos(POLL.toNanos());
    }
    return 0;
  }

  private static long printFrom(Path log, long end, PrintWriter out) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long from = Math.min(end, file.length());
      file.seek(from);
      byte[] piece = new byte[PIECE_BYTES];
      for (int n = file.read(piece); n > 0; n = file.read(piece)) {
        out.print(new String(piece, 0, n, StandardCharsets.UTF_8));
        from += n;
      }
      return from;
    }
  }
}
