package io.membrane.reconstruction;

import io.membrane.reconstruction.prefetch.PrefetchSettings.When;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * What is fetched ahead for sessions.
 *
 * @param when {@code never}, {@code turn} or {@code expected}
 * @param leastProbability of a session that goes on, for {@code expected}
 * @param related most blocks that co-access names behind the last one
 * @param bytesPerSecond most bytes, on average and at once
 */
@Validated
@ConfigurationProperties("membrane.reconstruction.prefetch")
record PrefetchProperties(
    @DefaultValue("turn") When when,
    @DefaultValue("0.6") @DecimalMin("0") @DecimalMax("1") double leastProbability,
    @DefaultValue("0") @Min(0) @Max(100) int related,
    @DefaultValue("1GB") DataSize bytesPerSecond) {}
