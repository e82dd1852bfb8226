package io.membrane.system;

import com.sun.net.httpserver.HttpServer;
import io.membrane.cli.fleet.Member;
import io.membrane.fixture.RedisProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What not every fleet has, so that its metrics are there too: a scheduler that knows its fleet, a
 * directory with another region, gossip and snapshots, and a worker that warms a provider's cache.
 */
final class RareParts implements AutoCloseable {

  private static final String DESCRIBED =
      """
      {"profiles": {"fast": {"gpus": 8, "prefill_seconds": {"polynomial": [0.4, 0.00005]},
                             "usd_per_gpu_hour": 2},
                    "slow": {"gpus": 8, "prefill_seconds": {"polynomial": [0.5, 0.00015]},
                             "decode": {"max_batch": 20, "step_ms": 25}, "usd_per_gpu_hour": 1}},
       "clusters": [{"cluster": "far", "role": "prefill", "instances": {"fast": 4},
                     "link": {"gbps": 100, "usd_per_gb": 0.001}},
                    {"cluster": "near", "role": "pd", "instances": {"slow": 8}}]}\
      """;

  private static final byte[] ANSWER =
      """
      {"text":" the","meta_info":{"id":"1","finish_reason":{"type":"length","length":1},
       "prompt_tokens":40,"completion_tokens":1,"cached_tokens":0}}
      """
          .getBytes(StandardCharsets.UTF_8);

  private final RedisProcess redis = RedisProcess.embedded();
  private final HttpServer provider = SglangServer.answering(ANSWER);
  private final ServiceProcess scheduler;
  private final ServiceProcess directory;
  private final ServiceProcess worker;

  /**
   * Starts them; {@link #awaitReady()} waits.
   *
   * @param region a directory to follow
   */
  RareParts(Path folder, URI region) {
    provider.start();
    scheduler =
        new ServiceProcess(
            Member.SCHEDULER,
            "scheduler-of-described",
            redis.url(),
            "--membrane.scheduler.roles.period=1s",
            "--membrane.scheduler.fleet=" + written(folder.resolve("fleet.json")));
    directory =
        new ServiceProcess(
            Member.DIRECTORY,
            "directory-of-monitored",
            redis.url(),
            "--membrane.directory.region=west",
            "--membrane.directory.peers.east=" + region,
            "--membrane.directory.peer-key=what all directories know",
            "--membrane.directory.gossip.port=0",
            "--membrane.directory.gossip.host=127.0.0.1",
            "--membrane.directory.gossip.url=http://127.0.0.1:1",
            "--membrane.directory.snapshot-dir=" + folder.resolve("snapshots"),
            "--membrane.directory.snapshot-every=1s");
    worker =
        new ServiceProcess(
            Member.COMPUTE,
            "worker-of-monitored",
            redis.url(),
            "--membrane.worker.backend=sglang",
            "--membrane.worker.provider.url=http://127.0.0.1:" + provider.getAddress().getPort(),
            "--membrane.worker.provider.model=m-1",
            "--membrane.worker.provider.node=sg-1",
            "--membrane.worker.provider.ttl=1h",
            "--membrane.worker.provider.price.input=1",
            "--membrane.worker.provider.price.cache-write=1",
            "--membrane.worker.provider.price.cache-read=1",
            "--membrane.worker.provider.price.output=1",
            "--membrane.worker.block-tokens=16",
            "--membrane.client.peers.directory-service=" + directory.url());
    List.of(scheduler, directory, worker).forEach(ServiceProcess::start);
  }

  void awaitReady() {
    List.of(scheduler, directory, worker).forEach(ServiceProcess::awaitReady);
  }

  Http scheduler() {
    return new Http(scheduler.url());
  }

  Http directory() {
    return new Http(directory.url());
  }

  Http worker() {
    return new Http(worker.url());
  }

  /** Where metrics are, by job. */
  Map<String, URI> targets() {
    return Map.of(
        Member.SCHEDULER.label(), scheduler.url(),
        Member.DIRECTORY.label(), directory.url(),
        Member.COMPUTE.label(), worker.url());
  }

  @Override
  public void close() {
    List.of(scheduler, directory, worker).forEach(ServiceProcess::close);
    provider.stop(0);
    redis.close();
  }

  private static Path written(Path file) {
    try {
      return Files.writeString(file, DESCRIBED);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
