package io.membrane.directory.semantic;

import io.membrane.block.BlockHash;

/**
 * A chunk near to what was asked for.
 *
 * @param similarity cosine of the angle between the two embeddings, -1 to 1
 */
public record Near(BlockHash block, double similarity) {}
