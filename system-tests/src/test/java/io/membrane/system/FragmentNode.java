package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.cli.fleet.Member;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A fragment-service as one node of several, and a plain caller of it. */
final class FragmentNode implements AutoCloseable {

  private final String name;
  private final ServiceProcess service;
  private final Http http;

  FragmentNode(String name, RedisProcess redis, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--membrane.fragment.instance=" + name);
    all.add("--membrane.fragment.memory=32MB");
    all.add("--membrane.fragment.membrain.port=-1");
    this.name = name;
    this.service =
        new ServiceProcess(
            Member.FRAGMENT, "node-" + name, redis.url(), all.toArray(String[]::new));
    this.http = new Http(service.url());
  }

  String name() {
    return name;
  }

  ServiceProcess service() {
    return service;
  }

  Http http() {
    return http;
  }

  void put(FragmentKey key, byte[] body) {
    Http.Answer answer =
        http.send(
            http.request("/v1/fragments/" + key)
                .header(
                    "Membrane-Namespace", WireJson.mapper().writeValueAsString(Seeds.namespace(16)))
                .header("Membrane-Parent", "root")
                .header("Membrane-Token-Span", "0-16")
                .PUT(BodyPublishers.ofByteArray(body)));
    assertThat(answer.status()).as(answer.text()).isEqualTo(201);
  }

  /** Reads a fragment, which is there. */
  void reads(FragmentKey key, byte[] body) {
    Http.Answer answer = http.get("/v1/fragments/" + key);
    assertThat(answer.status()).as("%s at %s", key, name).isEqualTo(200);
    assertThat(answer.response().body()).as("%s at %s", key, name).isEqualTo(body);
  }

  /** Reads all of them, which are there. */
  void reads(Map<FragmentKey, byte[]> bodies) {
    bodies.forEach(this::reads);
  }

  /** The sum of the metrics whose lines begin so. */
  double metric(String begin) {
    return http.get("/actuator/prometheus")
        .text()
        .lines()
        .filter(line -> line.startsWith(begin))
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .mapToDouble(Double::parseDouble)
        .sum();
  }

  @Override
  public void close() {
    service.close();
  }
}
