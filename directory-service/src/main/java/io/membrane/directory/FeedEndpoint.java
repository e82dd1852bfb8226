package io.membrane.directory;

import io.membrane.directory.feed.Feed;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policies;
import io.membrane.wire.DirectoryClient;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Tells what changes, as lines of JSON without an end. A tenant is told of its sharing domain, a
 * directory of another region of everything. A reader that does not read is cut after Tomcat's
 * {@code connection-timeout}.
 */
@RestController
class FeedEndpoint {

  private static final String LINES = "application/x-ndjson";

  private final Feed feed;
  private final Policies policies;
  private final RegionProperties properties;

  FeedEndpoint(Feed feed, Policies policies, RegionProperties properties) {
    this.feed = feed;
    this.policies = policies;
    this.properties = properties;
  }

  @GetMapping(path = "/v1/directory/feed", produces = LINES)
  void feed(
      @RequestParam(required = false) @Nullable String after,
      @RequestHeader(name = DirectoryClient.PEER_HEADER, required = false) @Nullable String key,
      HttpServletResponse response)
      throws IOException, InterruptedException {
    if (key != null && !properties.isPeerKey(key)) {
      throw new MembraneException(
          ErrorCode.FORBIDDEN,
          DirectoryClient.PEER_HEADER
              + " is not the key that is configured here (membrane.directory.peer-key)");
    }
    try (Feed.Reader reader = feed.open(after, key == null ? domain() : null)) {
      response.setContentType(LINES);
      if (properties.region() != null) {
        response.setHeader(DirectoryClient.REGION_HEADER, properties.region());
      }
      response.flushBuffer();
      reader.writeTo(response.getOutputStream());
    }
  }

  private String domain() {
    String tenant = CallContext.tenantOfCall();
    String known = policies.knownDomain(tenant);
    return known == null ? policies.domain(tenant) : known;
  }
}
