package io.membrane.reconstruction.session;

/**
 * When a session is expected to go on, as of now.
 *
 * @param probability that it goes on at all, 0 to 1
 * @param earliestAtMs Unix time before which one in ten of those that go on has done so
 * @param expectedAtMs Unix time before which half of them have
 * @param latestAtMs Unix time before which nine in ten have
 */
public record Forecast(double probability, long earliestAtMs, long expectedAtMs, long latestAtMs) {}
