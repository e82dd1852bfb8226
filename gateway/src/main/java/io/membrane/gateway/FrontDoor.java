package io.membrane.gateway;

import io.membrane.gateway.identity.SecurityProperties;
import io.membrane.gateway.routing.Service;
import io.swagger.v3.oas.annotations.Operation;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.boot.info.BuildProperties;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** What is to be found behind this port. */
@RestController
class FrontDoor {

  private final Overview overview;

  FrontDoor(BuildProperties build, SecurityProperties security) {
    Map<String, ServiceEntry> services =
        Arrays.stream(Service.values())
            .collect(
                Collectors.toMap(
                    Service::serviceName,
                    service -> new ServiceEntry(service.prefixes(), service.apiDocsPath()),
                    (a, b) -> a,
                    LinkedHashMap::new));
    this.overview =
        new Overview(
            "membrane",
            String.valueOf(build.getVersion()),
            services,
            "/v3/api-docs",
            security.anonymous());
  }

  /**
   * Everything behind the gateway.
   *
   * @param services by name
   * @param apiDocs OpenAPI document of the gateway itself
   * @param anonymous whether everybody may do everything
   */
  record Overview(
      String name,
      String version,
      Map<String, ServiceEntry> services,
      String apiDocs,
      boolean anonymous) {}

  /**
   * One service.
   *
   * @param paths its own, with everything below them
   * @param apiDocs its OpenAPI document
   */
  record ServiceEntry(List<String> paths, String apiDocs) {}

  @GetMapping("/")
  @Operation(summary = "Name, version, services and where their documents are")
  Overview overview() {
    return overview;
  }
}
