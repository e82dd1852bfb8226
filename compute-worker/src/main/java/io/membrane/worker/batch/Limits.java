package io.membrane.worker.batch;

/**
 * What a lane takes.
 *
 * @param prompts that may wait for their first step beside those that are computed
 * @param tokens of those; a prompt that would wait alone is not held against it
 * @param kvTokens tokens of KV that may be in the engine's memory at once; at least that of the
 *     longest prompt
 * @param batchTokens tokens that go through the engine at once, of several prompts if they fit; the
 *     first prompt's chunk goes whatever its length
 */
public record Limits(int prompts, int tokens, int kvTokens, int batchTokens) {}
