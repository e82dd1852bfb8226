package io.membrane.cli.check;

import java.util.ArrayList;
import java.util.List;

/**
 * What the self-check found.
 *
 * @param turns the three prompts in order
 * @param problems what is not as it should be and where to look; empty if all is well
 */
public record Verdict(List<Turn> turns, List<String> problems) {

  private static final String SLOW =
      "; or fetching is so slow that computing was faster (membrane.worker.compute-after)";

  public Verdict {
    turns = List.copyOf(turns);
    problems = List.copyOf(problems);
  }

  /** Judges: nothing reused at first, then every full block, then every full block of the half. */
  public static Verdict of(List<Turn> turns) {
    List<String> problems = new ArrayList<>();
    for (Turn turn : turns) {
      if (turn.tokens() != SelfCheck.TOKENS) {
        problems.add(
            "\"%s\" had %d tokens, the answer says %d: look at the reconstruction-service's log"
                .formatted(turn.prompt(), SelfCheck.TOKENS, turn.tokens()));
      }
      if (turn.reused() + turn.computed() != turn.tokens()) {
        problems.add(
            "\"%s\": %d reused and %d computed do not make %d: look at the compute-worker's log"
                .formatted(turn.prompt(), turn.reused(), turn.computed(), turn.tokens()));
      }
    }
    expect(turns.get(0), 0, "the store held what was never sent: is this Redis shared?", problems);
    expect(
        turns.get(1),
        fullBlocks(SelfCheck.TOKENS, turns.get(1).blockTokens()),
        "what the first prompt computed was not found: look at the logs of fragment-service (was"
            + " it stored?) and directory-service (was it announced?)",
        problems);
    expect(
        turns.get(2),
        fullBlocks(SelfCheck.TOKENS / 2, turns.get(2).blockTokens()),
        "the shared beginning was not found as such: look at GET"
            + " /v1/contexts/{context_id}/explanation",
        problems);
    return new Verdict(turns, problems);
  }

  /** Whether all is as it should be. */
  public boolean isWell() {
    return problems.isEmpty();
  }

  /** The turns as a table. */
  public String table() {
    StringBuilder table =
        new StringBuilder(
            "%-26s %7s %8s %10s %9s%n".formatted("prompt", "tokens", "reused", "computed", "time"));
    for (Turn turn : turns) {
      table.append(
          "%-26s %,7d %,8d %,10d %,6d ms%n"
              .formatted(
                  turn.prompt(),
                  turn.tokens(),
                  turn.reused(),
                  turn.computed(),
                  turn.time().toMillis()));
    }
    return table.toString();
  }

  private static int fullBlocks(int tokens, int blockTokens) {
    return tokens / Math.max(1, blockTokens) * blockTokens;
  }

  private static void expect(Turn turn, int reused, String otherwise, List<String> problems) {
    if (turn.reused() != reused) {
      problems.add(
          "\"%s\" reused %d tokens instead of %d: %s%s"
              .formatted(
                  turn.prompt(),
                  turn.reused(),
                  reused,
                  otherwise,
                  turn.reused() < reused ? SLOW : ""));
    }
  }
}
