package io.membrane.directory;

import io.membrane.fixture.RedisProcess;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Replicas of the directory over one Redis, ready before the first test and closed at the end. */
final class Replicas implements BeforeAllCallback, AfterAllCallback {

  private final RedisProcess redis = RedisProcess.embedded();
  private final List<Service> services;

  /** As {@link Service#ofTinyLlama}. */
  Replicas(int count, String... properties) {
    services =
        Stream.generate(() -> Service.ofTinyLlama(redis.port(), properties)).limit(count).toList();
  }

  int redisPort() {
    return redis.port();
  }

  Service first() {
    return services.getFirst();
  }

  Service last() {
    return services.getLast();
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    services.forEach(Service::awaitReady);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    services.forEach(Service::close);
    redis.close();
  }
}
