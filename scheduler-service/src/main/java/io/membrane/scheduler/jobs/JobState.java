package io.membrane.scheduler.jobs;

import org.jspecify.annotations.Nullable;

/**
 * A job at one moment, as any replica sees it. Times are Unix milliseconds.
 *
 * @param progress done share, 0 to 1, never falling
 * @param reason why it failed or was cancelled
 */
public record JobState(
    String id,
    Status status,
    double progress,
    long submittedAtMs,
    @Nullable Long startedAtMs,
    @Nullable Long endedAtMs,
    @Nullable String reason) {}
