package io.membrane.kubernetes;

import io.membrane.kubernetes.EndpointSlice.Endpoint;
import io.membrane.rpc.ServiceInstances;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * The instances of services that EndpointSlices name, as last heard. One thread changes it, any
 * reads.
 *
 * <p>Over TLS only instances with names are named here: certificates hold no addresses of pods. The
 * others are called by their Service.
 */
final class EndpointInstances implements ServiceInstances {

  private final boolean overTls;
  private final Map<String, EndpointSlice> slices = new HashMap<>();
  private volatile Map<String, List<URI>> urls = Map.of();

  EndpointInstances(boolean overTls) {
    this.overTls = overTls;
  }

  @Override
  public List<URI> of(String service) {
    return urls.getOrDefault(service, List.of());
  }

  /** The services that have instances, with how many. */
  Map<String, Integer> counts() {
    Map<String, Integer> counts = new TreeMap<>();
    urls.forEach((service, each) -> counts.put(service, each.size()));
    return counts;
  }

  /** These are all that there are. */
  void replace(List<JsonNode> objects) {
    slices.clear();
    objects.forEach(this::take);
    publish();
  }

  /** One has come or changed. */
  void put(JsonNode object) {
    take(object);
    publish();
  }

  /** One is gone. */
  void remove(JsonNode object) {
    slices.remove(EndpointSlice.name(object));
    publish();
  }

  private void take(JsonNode object) {
    EndpointSlice slice = EndpointSlice.of(object);
    slices.put(slice.name(), slice);
  }

  /** A pod that is in slices of several Services counts once, by its name if one gives it one. */
  private void publish() {
    Map<String, Map<String, Endpoint>> all = new TreeMap<>();
    for (EndpointSlice slice : slices.values()) {
      Map<String, Endpoint> of = all.computeIfAbsent(slice.service(), any -> new TreeMap<>());
      slice
          .urls()
          .forEach(
              (address, endpoint) -> of.merge(address, endpoint, (a, b) -> a.isNamed() ? a : b));
    }
    Map<String, List<URI>> next = new HashMap<>();
    all.forEach((service, endpoints) -> {
      List<URI> each = new ArrayList<>();
      for (Endpoint endpoint : endpoints.values()) {
        if (endpoint.isNamed() || !overTls) {
          each.add(endpoint.url(overTls ? "https" : "http"));
        }
      }
      each.sort(null);
      if (!each.isEmpty()) {
        next.put(service, List.copyOf(each));
      }
    });
    urls = Map.copyOf(next);
  }
}
