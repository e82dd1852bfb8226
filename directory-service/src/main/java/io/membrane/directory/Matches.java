package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import io.membrane.rpc.CallContext;
import io.membrane.tenancy.Policies;
import io.membrane.wire.LogPosition;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.Miss;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Matches chains of blocks for the caller. */
final class Matches {

  private static final Logger log = LoggerFactory.getLogger(Matches.class);

  /** How long a match waits for the position that it must not be older than. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Image image;
  private final LogTail tail;
  private final Policies policies;
  private final DirectoryMetrics metrics;

  Matches(Image image, LogTail tail, Policies policies, DirectoryMetrics metrics) {
    this.image = image;
    this.tail = tail;
    this.policies = policies;
    this.metrics = metrics;
  }

  /**
   * The longest usable prefix at every place.
   *
   * @param chain different hashes, in order
   * @param needs as {@link Image#match}
   * @param blockTokens as {@link Image#match}
   * @param atLeast position that the answer should not be older than, if waiting a second helps
   */
  MatchResponse of(
      List<BlockHash> chain, Set<Slice> needs, int blockTokens, @Nullable LogPosition atLeast) {
    if (atLeast != null) {
      await(atLeast);
    }
    MatchResponse answer = image.match(chain, needs, blockTokens, domain());
    metrics.matched(answer);
    return answer;
  }

  /** The match with the reason of its end, which is counted; null if it did not end early. */
  MatchResponse explained(MatchResponse answer, @Nullable Miss why) {
    if (why != null) {
      metrics.missed(why);
    }
    return answer.because(why);
  }

  /** Waits until the image holds a position, for a second at most; then it goes on without it. */
  void await(LogPosition atLeast) {
    if (!tail.await(atLeast, patience())) {
      metrics.answeredBehind();
      log.debug("answered at {} although {} was asked for", tail.position(), atLeast);
    }
  }

  /** The domain in which the caller reads and writes. */
  String domain() {
    String tenant = CallContext.tenantOfCall();
    String known = policies.knownDomain(tenant);
    return known == null ? policies.domain(tenant) : known;
  }

  private static Duration patience() {
    return CallContext.currentOr(PATIENCE).within(PATIENCE).remaining();
  }
}
