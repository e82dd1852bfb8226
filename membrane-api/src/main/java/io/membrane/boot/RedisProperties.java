package io.membrane.boot;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What is to be said of Redis beside {@code spring.data.redis.*}.
 *
 * @param passwordFile the password in a file, in place of {@code spring.data.redis.password}: each
 *     new connection shows what the file holds then
 */
@ConfigurationProperties("membrane.redis")
record RedisProperties(@Nullable Path passwordFile) {}
