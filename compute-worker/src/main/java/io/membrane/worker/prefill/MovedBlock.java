package io.membrane.worker.prefill;

/**
 * A block whose KV was computed behind other tokens, and perhaps at another position.
 *
 * @param at position of its first token in the prompt
 * @param from position at which it was computed
 * @param payload in the model's {@link KvLayout}; not copied
 * @param leastEqual share of its tokens that have to be the prompt's, 0 to 1; with less, none of
 *     its KV is kept
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
public record MovedBlock(int at, int from, byte[] payload, double leastEqual) {

  /** A block of the same tokens. */
  public MovedBlock(int at, int from, byte[] payload) {
    this(at, from, payload, 1);
  }
}
