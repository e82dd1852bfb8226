package io.membrane.worker.prefill;

/**
 * How far the K or V of some tokens is from that of the full prefill, over all layers.
 *
 * @param relative length of the difference over length of the full prefill's
 * @param max greatest difference of a value
 */
public record Deviation(double relative, double max) {}
