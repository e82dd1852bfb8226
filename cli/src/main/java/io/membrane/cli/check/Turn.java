package io.membrane.cli.check;

import java.time.Duration;

/**
 * What became of one prompt of the self-check.
 *
 * @param prompt which one, in words
 * @param blockTokens tokens per block, as the answer says
 * @param time as the caller saw it
 */
public record Turn(
    String prompt, int tokens, int reused, int computed, int blockTokens, Duration time) {}
