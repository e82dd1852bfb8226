package io.membrane.scheduler.routing;

/**
 * What a prompt would cost at one cluster.
 *
 * @param waitSeconds before the prefill starts
 * @param prefillSeconds T_prefill of the incremental tokens
 * @param transferSeconds KV over the link, a moved prefix included
 * @param ttftSeconds sum of the three
 * @param egressBytes KV that leaves a prefill cluster
 * @param gpuUsd price of the instance while it prefills
 * @param egressUsd price of all KV that leaves a cluster
 * @param totalUsd value of the time to first token, and both prices
 */
public record Terms(
    String cluster,
    int incrementalTokens,
    double waitSeconds,
    double prefillSeconds,
    double transferSeconds,
    double ttftSeconds,
    double egressBytes,
    double gpuUsd,
    double egressUsd,
    double totalUsd) {}
