package io.membrane.benchmarks.directory;

import io.membrane.block.Tokens;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Documents cut into full blocks of tokens, one list over all of them. */
final class TextChunks {

  /** Two chunks with so long a run of tokens in common, and not all, are near-duplicates. */
  static final int COMMON_RUN = 8;

  private final List<Tokens> documents;
  private final List<Tokens> chunks = new ArrayList<>();
  private final Map<Tokens, Set<Integer>> byRun = new HashMap<>();

  TextChunks(List<Tokens> documents, int blockTokens) {
    this.documents = List.copyOf(documents);
    for (Tokens document : documents) {
      for (int at = 0; at + blockTokens <= document.length(); at += blockTokens) {
        chunks.add(document.slice(at, at + blockTokens));
      }
    }
    for (int i = 0; i < chunks.size(); i++) {
      for (Tokens run : runs(chunks.get(i))) {
        byRun.computeIfAbsent(run, r -> new HashSet<>()).add(i);
      }
    }
  }

  List<Tokens> documents() {
    return documents;
  }

  List<Tokens> chunks() {
    return chunks;
  }

  /** Chunks with the very tokens of another. */
  Set<Integer> equalTo(Tokens other) {
    Set<Integer> equal = sharing(other);
    equal.removeIf(i -> !chunks.get(i).equals(other));
    return equal;
  }

  /** Near-duplicates of another. */
  Set<Integer> nearTo(Tokens other) {
    Set<Integer> near = sharing(other);
    near.removeIf(i -> chunks.get(i).equals(other));
    return near;
  }

  private Set<Integer> sharing(Tokens other) {
    Set<Integer> sharing = new HashSet<>();
    runs(other).forEach(run -> sharing.addAll(byRun.getOrDefault(run, Set.of())));
    return sharing;
  }

  private static List<Tokens> runs(Tokens chunk) {
    List<Tokens> runs = new ArrayList<>();
    for (int at = 0; at + COMMON_RUN <= chunk.length(); at++) {
      runs.add(chunk.slice(at, at + COMMON_RUN));
    }
    return runs;
  }
}
