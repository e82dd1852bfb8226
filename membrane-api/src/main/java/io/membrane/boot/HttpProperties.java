package io.membrane.boot;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Limits of every request.
 *
 * @param maxJson largest JSON body
 * @param defaultDeadline time for a request that names none
 * @param maxDeadline most time that a request may ask for
 */
@ConfigurationProperties("membrane.http")
record HttpProperties(
    @DefaultValue("16MB") DataSize maxJson,
    @DefaultValue("60s") Duration defaultDeadline,
    @DefaultValue("15m") Duration maxDeadline) {}
