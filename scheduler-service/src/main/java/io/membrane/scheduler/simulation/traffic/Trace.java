package io.membrane.scheduler.simulation.traffic;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Requests that were really made, in order of arrival. Immutable and thread-safe. Blocks are
 * numbered anew from 0, so that a table over them is an array.
 */
public final class Trace {

  /** Tokens of a block, as in the Mooncake traces. */
  public static final int BLOCK_TOKENS = 512;

  private static final int MAX_REQUESTS = 5_000_000;
  private static final int MAX_TOKENS = 100_000_000;

  private final double[] seconds;
  private final int[] inputTokens;
  private final int[] outputTokens;
  private final int[] firstBlock;
  private final int[] blocks;
  private final int distinctBlocks;
  private final boolean sorted;

  /**
   * A request as it stands in a trace.
   *
   * @param timestampMs when it arrived, since any moment, ≥ 0
   * @param inputTokens length of its prompt, ≥ 1
   * @param outputTokens tokens that were decoded, ≥ 0
   * @param hashIds one id for each block of {@value #BLOCK_TOKENS} tokens of the prompt, the last
   *     of which may be partial; an equal id means an equal block behind an equal prefix; may name
   *     fewer blocks than the prompt has
   */
  @SuppressWarnings("ArrayRecordComponent") // millions of ids; Trace copies them at once
  public record Request(long timestampMs, int inputTokens, int outputTokens, int[] hashIds) {}

  /**
   * A trace of these requests.
   *
   * @throws IllegalArgumentException saying which request is wrong, counted from 0
   */
  public Trace(List<Request> requests) {
    int n = requests.size();
    if (n < 1 || n > MAX_REQUESTS) {
      throw new IllegalArgumentException(
          "a trace has 1 to %d requests, not %d".formatted(MAX_REQUESTS, n));
    }
    long references = 0;
    boolean inOrder = true;
    for (int i = 0; i < n; i++) {
      validate(i, requests.get(i));
      references += requests.get(i).hashIds().length;
      inOrder &= i == 0 || requests.get(i - 1).timestampMs() <= requests.get(i).timestampMs();
    }
    if (references > Integer.MAX_VALUE / 2) {
      throw new IllegalArgumentException(
          "a trace refers to at most %d blocks, not %d; cut it"
              .formatted(Integer.MAX_VALUE / 2, references));
    }
    List<Request> byTime =
        inOrder
            ? requests
            : requests.stream().sorted(Comparator.comparingLong(Request::timestampMs)).toList();
    this.sorted = !inOrder;
    this.seconds = new double[n];
    this.inputTokens = new int[n];
    this.outputTokens = new int[n];
    this.firstBlock = new int[n + 1];
    int[] ids = new int[(int) references];
    long start = byTime.getFirst().timestampMs();
    for (int i = 0; i < n; i++) {
      Request r = byTime.get(i);
      seconds[i] = (r.timestampMs() - start) / 1e3;
      inputTokens[i] = r.inputTokens();
      outputTokens[i] = Math.max(1, r.outputTokens());
      System.arraycopy(r.hashIds(), 0, ids, firstBlock[i], r.hashIds().length);
      firstBlock[i + 1] = firstBlock[i] + r.hashIds().length;
    }
    int[] distinct = IntStream.of(ids).sorted().distinct().toArray();
    this.distinctBlocks = distinct.length;
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Arrays.binarySearch(distinct, ids[i]);
    }
    this.blocks = ids;
  }

  private static void validate(int i, Request r) {
    if (r.timestampMs() < 0) {
      throw new IllegalArgumentException(
          "request %d: a timestamp is at least 0 ms, not %d".formatted(i, r.timestampMs()));
    }
    if (r.inputTokens() < 1 || r.inputTokens() > MAX_TOKENS) {
      throw new IllegalArgumentException(
          "request %d: a prompt has 1 to %d tokens, not %d"
              .formatted(i, MAX_TOKENS, r.inputTokens()));
    }
    if (r.outputTokens() < 0 || r.outputTokens() > MAX_TOKENS) {
      throw new IllegalArgumentException(
          "request %d: an output has 0 to %d tokens, not %d"
              .formatted(i, MAX_TOKENS, r.outputTokens()));
    }
    int most = (r.inputTokens() + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    if (r.hashIds().length > most) {
      throw new IllegalArgumentException(
          "request %d: %d tokens have at most %d blocks of %d, not %d"
              .formatted(i, r.inputTokens(), most, BLOCK_TOKENS, r.hashIds().length));
    }
  }

  /** How many requests. */
  public int requests() {
    return seconds.length;
  }

  /** Whether the requests had to be put in order of arrival. */
  public boolean sorted() {
    return sorted;
  }

  /** Arrival of a request, seconds after the first. */
  public double seconds(int request) {
    return seconds[request];
  }

  /** Seconds from the first arrival to the last. */
  public double durationSeconds() {
    return seconds[seconds.length - 1];
  }

  /** Length of a prompt. */
  public int inputTokens(int request) {
    return inputTokens[request];
  }

  /** Tokens that a request decodes, at least 1: the first token is one. */
  public int outputTokens(int request) {
    return outputTokens[request];
  }

  /** Mean of the prompts' lengths. */
  public double meanInputTokens() {
    return IntStream.of(inputTokens).average().orElseThrow();
  }

  /** Mean of the outputs' lengths. */
  public double meanOutputTokens() {
    return IntStream.of(outputTokens).average().orElseThrow();
  }

  /** How many blocks a prompt names. */
  public int blocks(int request) {
    return firstBlock[request + 1] - firstBlock[request];
  }

  /** A block of a prompt, in [0, {@link #distinctBlocks()}). */
  public int block(int request, int index) {
    return blocks[firstBlock[request] + index];
  }

  /** Blocks that all prompts name. */
  public int blockReferences() {
    return blocks.length;
  }

  /** Unlike blocks among them. */
  public int distinctBlocks() {
    return distinctBlocks;
  }
}
