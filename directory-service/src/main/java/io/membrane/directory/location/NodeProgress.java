package io.membrane.directory.location;

/**
 * How far the events of a node have come.
 *
 * @param epoch the node's latest epoch
 * @param nextSequence number that its next event has within the epoch
 */
public record NodeProgress(long epoch, long nextSequence) {}
