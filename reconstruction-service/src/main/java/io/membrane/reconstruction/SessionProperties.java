package io.membrane.reconstruction;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What is remembered of sessions.
 *
 * @param maxSessions most sessions
 * @param maxTurns most turns of each
 * @param maxBlocks most blocks of the last turns of all sessions together; about 60 bytes each
 * @param idle how long after its last turn a session is forgotten
 */
@Validated
@ConfigurationProperties("membrane.reconstruction.sessions")
record SessionProperties(
    @DefaultValue("10000") @Min(1) @Max(1_000_000) int maxSessions,
    @DefaultValue("32") @Min(1) @Max(1000) int maxTurns,
    @DefaultValue("500000") @Min(1) @Max(100_000_000) int maxBlocks,
    @DefaultValue("1h") Duration idle) {}
