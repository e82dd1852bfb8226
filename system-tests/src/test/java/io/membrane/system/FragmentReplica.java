package io.membrane.system;

import io.membrane.cli.fleet.Member;
import io.membrane.fixture.FaultProxy;
import java.net.URI;

/** A fragment-service with a proxy between it and Redis, and another before some of its callers. */
final class FragmentReplica implements AutoCloseable {

  private final FaultProxy toRedis;
  private final ServiceProcess service;
  private final FaultProxy toCallers;

  FragmentReplica(String name, int redisPort, String... arguments) {
    this.toRedis = new FaultProxy(redisPort);
    this.service =
        new ServiceProcess(Member.FRAGMENT, name, "redis://127.0.0.1:" + toRedis.port(), arguments);
    this.toCallers = new FaultProxy(service.port());
  }

  void start() {
    service.start();
  }

  void awaitReady() {
    service.awaitReady();
  }

  /** Ends it at once (SIGKILL). */
  void kill() {
    service.kill();
  }

  /** Where callers find it. */
  URI url(boolean throughProxy) {
    return throughProxy ? toCallers.url() : service.url();
  }

  FaultProxy toRedis() {
    return toRedis;
  }

  FaultProxy toCallers() {
    return toCallers;
  }

  @Override
  public void close() {
    service.close();
    toRedis.close();
    toCallers.close();
  }
}
