package io.membrane.reconstruction.session;

/**
 * One context of a session. The last three add up to the first.
 *
 * @param atMs Unix time at which it began
 * @param totalTokens length of the prompt
 * @param reusedTokens leading tokens whose KV was stored
 * @param prefilledTokens tokens that were computed
 * @param missingTokens tokens that were neither
 */
public record Turn(
    long atMs, int totalTokens, int reusedTokens, int prefilledTokens, int missingTokens) {}
