package io.membrane.reconstruction;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What counts as similar.
 *
 * @param leastSimilarity cosine from which a block is similar
 * @param leastEqual share of a similar block's tokens that have to be the prompt's
 * @param maxBlocks most blocks of one prompt that are looked for
 * @param patience most time that a prompt waits for the search
 */
@Validated
@ConfigurationProperties("membrane.reconstruction.approximate")
record ApproximateProperties(
    @DefaultValue("0.95") @DecimalMin("0") @DecimalMax("1") double leastSimilarity,
    @DefaultValue("0.5") @DecimalMin("0") @DecimalMax("1") double leastEqual,
    @DefaultValue("16") @Min(1) @Max(512) int maxBlocks,
    @DefaultValue("1s") Duration patience) {}
