package io.membrane.worker.prefill;

/**
 * A block whose KV was computed behind other tokens, and perhaps at another position.
 *
 * @param at position of its first token in the prompt
 * @param from position at which it was computed
 * @param payload in the model's {@link KvLayout}; not copied
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
public record MovedBlock(int at, int from, byte[] payload) {}
