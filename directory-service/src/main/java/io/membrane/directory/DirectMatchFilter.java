package io.membrane.directory;

import io.membrane.boot.CallContexts;
import io.membrane.rpc.WireJson;
import io.membrane.wire.MatchResponse;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Answers matches of {@linkplain PlainMatch plainly written} block hashes. */
final class DirectMatchFilter extends DirectFilter {

  private static final long serialVersionUID = 1L;

  /** Enough for 15,000 hashes. */
  private static final int MAX_BODY = 1 << 20;

  private static final byte[] NO_HASHES = "\"block_hashes\":[]".getBytes(StandardCharsets.US_ASCII);
  private static final int ARRAY_AT = NO_HASHES.length - 2;

  private final transient Matches matches;

  DirectMatchFilter(Matches matches, CallContexts contexts, Timer timer) {
    super(contexts, timer, MAX_BODY);
    this.matches = matches;
  }

  @Override
  byte @Nullable [] answer(byte[] body) {
    PlainMatch match = PlainMatch.parse(body);
    return match == null ? null : encoded(match, body);
  }

  /** The hashes of the answer are those of the request, as they stand there. */
  private byte[] encoded(PlainMatch match, byte[] body) {
    MatchResponse found = matches.of(match.chain(), Set.of(), 0, null);
    byte[] rest =
        WireJson.mapper()
            .writeValueAsBytes(
                new MatchResponse(
                    found.blockTokens(),
                    found.totalBlocks(),
                    List.of(),
                    found.matches(),
                    found.best(),
                    found.clusters(),
                    found.nodes(),
                    null));
    int at = indexOf(NO_HASHES, rest) + ARRAY_AT;
    int hashes = match.array().to() - match.array().from();
    byte[] answer = new byte[rest.length - 2 + hashes];
    System.arraycopy(rest, 0, answer, 0, at);
    System.arraycopy(body, match.array().from(), answer, at, hashes);
    System.arraycopy(rest, at + 2, answer, at + hashes, rest.length - at - 2);
    return answer;
  }

  private static int indexOf(byte[] wanted, byte[] in) {
    for (int i = 0; i + wanted.length <= in.length; i++) {
      if (Arrays.equals(wanted, 0, wanted.length, in, i, i + wanted.length)) {
        return i;
      }
    }
    throw new IllegalStateException("an answer without block_hashes");
  }
}
