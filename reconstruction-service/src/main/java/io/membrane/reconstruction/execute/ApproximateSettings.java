package io.membrane.reconstruction.execute;

import java.time.Duration;

/**
 * What counts as similar, and what may be spent on it.
 *
 * @param leastSimilarity cosine of the embeddings from which a block is similar, 0 to 1
 * @param leastEqual share of a similar block's tokens that have to be the prompt's for any of its
 *     KV to be kept, 0 to 1
 * @param maxBlocks most blocks of one prompt that are looked for, the first ones
 * @param patience most time that a prompt waits for the search
 */
public record ApproximateSettings(
    double leastSimilarity, double leastEqual, int maxBlocks, Duration patience) {}
