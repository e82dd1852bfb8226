package io.membrane.boot;

import io.membrane.rpc.ErrorCode;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses callers whose certificates have none of the names that the configuration allows; before
 * any filter, of which some answer by themselves.
 */
public final class CallerNameValve extends ValveBase {

  /**
   * Attribute of a request that came in through a port which knows no certificates; set by this
   * process alone.
   */
  public static final String WITHOUT_CERTIFICATE = CallerNameValve.class.getName() + ".without";

  /** What only services of the fleet call. */
  static final List<String> MEMBERS = List.of("/v1/nodes", "/v1/engines", "/v1/peers");

  private static final Logger log = LoggerFactory.getLogger(CallerNameValve.class);
  private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";

  private final NamePatterns allowed;
  private final NamePatterns members;
  private final ProblemWriter problems;
  private final Runnable refused;
  private final Seldom seldom = new Seldom();

  /**
   * @param refused is run for each request that is refused
   */
  CallerNameValve(ServerTlsProperties properties, ProblemWriter problems, Runnable refused) {
    super(true);
    this.allowed = new NamePatterns(properties.allowedNames());
    this.members = new NamePatterns(properties.memberNames());
    this.problems = problems;
    this.refused = refused;
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    List<String> names = names(request);
    boolean isAllowed = allowed.isEmpty() || allowed.matchAny(names);
    boolean isMember = members.isEmpty() || !isForMembers(request) || members.matchAny(names);
    if ((isAllowed && isMember) || request.getAttribute(WITHOUT_CERTIFICATE) != null) {
      getNext().invoke(request, response);
      return;
    }
    refused.run();
    String property = "membrane.server." + (isAllowed ? "member-names" : "allowed-names");
    if (seldom.isDue()) {
      log.warn(
          "a caller at {} with a certificate for {} is refused: {} has none of them",
          request.getRemoteAddr(),
          names,
          property);
    }
    problems.write(
        ErrorCode.FORBIDDEN,
        "a certificate for " + names + " may not call this; allow one of its names by " + property,
        response);
  }

  private static List<String> names(Request request) {
    return request.getAttribute(CERTIFICATES) instanceof X509Certificate[] chain && chain.length > 0
        ? NamePatterns.of(chain[0])
        : List.of();
  }

  private static boolean isForMembers(Request request) {
    String path = Objects.requireNonNullElse(request.getDecodedRequestURI(), "");
    return MEMBERS.stream().anyMatch(each -> path.equals(each) || path.startsWith(each + "/"));
  }
}
