package io.membrane.boot;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Certificates of calls of other services.
 *
 * @param sslBundle the bundle of {@code spring.ssl.bundle} that every call of a peer uses; empty:
 *     {@code https://} by what the JDK trusts, and {@code http://}
 */
@ConfigurationProperties("membrane.client")
record ClientTlsProperties(@DefaultValue("") String sslBundle) {}
