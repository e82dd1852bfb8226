package io.membrane.directory.relist;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.directory.feed.Relisting;
import io.membrane.directory.region.Lines;
import io.membrane.directory.region.PeerCalls;
import io.membrane.directory.region.SilenceWatch;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ListingLine;
import io.membrane.wire.LogEntry;
import io.membrane.wire.MembershipClient.Node;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads what a node says that its store holds, once. For one thread. */
final class StoreReader {

  private static final int MOST_OF_AN_ANSWER = 500;

  /** The log's position is not held for longer, nor a reader busy for a node that only drips. */
  private static final Duration LONGEST = Duration.ofMinutes(30);

  private final PeerCalls calls;
  private final Node node;
  private final Duration patience;
  private final Relisting into;
  private final long begunNanos = System.nanoTime();
  private volatile long heardNanos = System.nanoTime();
  private volatile boolean isApplying;
  private @Nullable ListingLine begin;
  private long fragments;
  private boolean isComplete;

  /**
   * @param patience a node that says nothing for so long is given up
   */
  StoreReader(PeerCalls calls, Node node, Duration patience, Relisting into) {
    this.calls = calls;
    this.node = node;
    this.patience = patience;
    this.into = into;
  }

  /**
   * Reads all of it.
   *
   * @return how many fragments there are
   * @throws IOException if that was not all, or none of what was asked for
   * @throws RuntimeException as {@link Relisting}
   */
  long read() throws IOException, InterruptedException {
    HttpResponse<InputStream> answer = calls.send(request());
    try (InputStream body = answer.body()) {
      if (answer.statusCode() != 200) {
        String text = new String(body.readNBytes(MOST_OF_AN_ANSWER), UTF_8);
        throw new IOException("it answers " + answer.statusCode() + ": " + text);
      }
      heardNanos = System.nanoTime();
      SilenceWatch watch = new SilenceWatch(body, this::isSilent, patience.dividedBy(4));
      try (watch) {
        read(new Lines(body));
      }
    }
    if (!isComplete) {
      throw new IOException("its listing broke off after " + fragments + " fragments");
    }
    return fragments;
  }

  private HttpRequest request() {
    String base = node.url().replaceFirst("/+$", "");
    return HttpRequest.newBuilder(URI.create(base + ListingLine.PATH))
        .header("Accept", ListingLine.MEDIA_TYPE + ", application/problem+json")
        .timeout(patience)
        .build();
  }

  private boolean isSilent() {
    return !isApplying && isTooLong();
  }

  private boolean isTooLong() {
    long now = System.nanoTime();
    return now - heardNanos > patience.toNanos() || now - begunNanos > LONGEST.toNanos();
  }

  private void read(Lines lines) throws IOException, InterruptedException {
    List<LogEntry> some = new ArrayList<>();
    for (byte[] line = lines.next(); line != null; line = lines.next()) {
      take(parsed(line), some);
      if (!lines.isReady()) {
        apply(some);
        some.clear();
      }
    }
  }

  private static ListingLine parsed(byte[] line) throws IOException {
    try {
      ListingLine said = WireJson.mapper().readValue(line, ListingLine.class);
      Objects.requireNonNull(said.type(), "type");
      return said;
    } catch (RuntimeException e) {
      throw new IOException("a line of its listing cannot be read: " + e.getMessage(), e);
    }
  }

  private void take(ListingLine line, List<LogEntry> some)
      throws IOException, InterruptedException {
    if (isComplete || (begin == null) != (line.type() == ListingLine.Type.BEGIN)) {
      throw new IOException("its listing has lines that are out of order");
    }
    switch (line.type()) {
      case BEGIN -> begin(line);
      case STORED -> {
        some.add(entry(line));
        fragments++;
      }
      case COMPLETE -> {
        isComplete = line.fragments() != null && line.fragments() == fragments;
        if (!isComplete) {
          throw new IOException(
              "its listing has %d fragments, and says %d".formatted(fragments, line.fragments()));
        }
      }
    }
  }

  private void begin(ListingLine line) throws IOException, InterruptedException {
    if (!into.life().equals(line.life())) {
      throw new IOException("its store writes to another log than the one that is followed here");
    }
    if (line.node() == null || !node.cluster().equals(line.cluster())) {
      throw new IOException(
          "it says that its store is of cluster %s, not %s"
              .formatted(line.cluster(), node.cluster()));
    }
    begin = line;
    into.begin(node.cluster(), line.node());
  }

  private LogEntry entry(ListingLine line) throws IOException {
    ListingLine of = Objects.requireNonNull(begin);
    if (line.domain() == null || line.event() == null || of.node() == null) {
      throw new IOException("a line of its listing lacks domain or event");
    }
    return new LogEntry(of.node(), node.cluster(), line.domain(), null, null, line.event());
  }

  private void apply(List<LogEntry> some) throws InterruptedException {
    isApplying = true;
    try {
      into.take(some);
      heardNanos = System.nanoTime();
    } finally {
      isApplying = false;
    }
  }
}
