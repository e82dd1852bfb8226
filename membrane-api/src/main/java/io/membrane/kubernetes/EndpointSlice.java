package io.membrane.kubernetes;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * What is read of a {@code discovery.k8s.io/v1} EndpointSlice.
 *
 * @param service what the label {@value #COMPONENT} says; empty if it is of no service
 * @param urls by address, of endpoints that take requests; a host that has a name of its own is
 *     called by it
 */
record EndpointSlice(String name, String service, Map<String, Endpoint> urls) {

  static final String COMPONENT = "app.kubernetes.io/component";
  private static final String OF_SERVICE = "kubernetes.io/service-name";
  private static final String PORT = "http";

  /**
   * One instance.
   *
   * @param host name in DNS if it has one, as a pod of a StatefulSet does; else its address
   */
  record Endpoint(String host, int port, boolean isNamed) {

    URI url(String scheme) {
      return URI.create(
          "%s://%s:%d".formatted(scheme, host.contains(":") ? "[" + host + "]" : host, port));
    }
  }

  EndpointSlice {
    urls = Map.copyOf(urls);
  }

  static EndpointSlice of(JsonNode object) {
    JsonNode labels = object.at("/metadata/labels");
    String suffix =
        "."
            + labels.path(OF_SERVICE).asString("")
            + "."
            + object.at("/metadata/namespace").asString("")
            + ".svc";
    int port = port(object.path("ports"));
    Map<String, Endpoint> urls = new TreeMap<>();
    for (JsonNode endpoint : list(object.path("endpoints"))) {
      String address = endpoint.at("/addresses/0").asString("");
      if (port > 0 && !address.isEmpty() && takesRequests(endpoint.path("conditions"))) {
        String host = endpoint.path("hostname").asString("");
        urls.put(
            address,
            host.isEmpty()
                ? new Endpoint(address, port, false)
                : new Endpoint(host + suffix, port, true));
      }
    }
    return new EndpointSlice(name(object), labels.path(COMPONENT).asString(""), urls);
  }

  static String name(JsonNode object) {
    return object.at("/metadata/name").asString("");
  }

  /**
   * A Service that publishes addresses that are not ready calls them ready; whether a pod is says
   * {@code serving}, which an old Kubernetes leaves out.
   */
  private static boolean takesRequests(JsonNode conditions) {
    return conditions.path("ready").asBoolean(true)
        && conditions.path("serving").asBoolean(true)
        && !conditions.path("terminating").asBoolean(false);
  }

  /** 0 if none has the name. */
  private static int port(JsonNode ports) {
    for (JsonNode port : list(ports)) {
      if (PORT.equals(port.path("name").asString("")) && port.path("port").isInt()) {
        return port.path("port").asInt();
      }
    }
    return 0;
  }

  private static List<JsonNode> list(JsonNode array) {
    List<JsonNode> all = new ArrayList<>();
    if (array.isArray()) {
      array.forEach(all::add);
    }
    return all;
  }
}
