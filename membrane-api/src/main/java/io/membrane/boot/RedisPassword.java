package io.membrane.boot;

import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisCredentialsProvider;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;

/** Shows Redis the configured user and the password that a file holds when a connection is made. */
final class RedisPassword implements RedisCredentialsProviderFactory {

  private final SecretFile file;

  RedisPassword(SecretFile file) {
    this.file = file;
  }

  @Override
  public RedisCredentialsProvider createCredentialsProvider(RedisConfiguration configuration) {
    String user = RedisConfiguration.getUsernameOrElse(configuration, () -> "");
    return RedisCredentialsProvider.from(() ->
        RedisCredentials.just(
            user == null || user.isBlank() ? null : user, file.current().toCharArray()));
  }
}
