package io.membrane.boot;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Which certificates may call this service. A name is a DNS name or URI of a certificate's subject
 * alternative names, in which {@code *} stands for one label or one segment.
 *
 * @param allowedNames who may call at all; none: every certificate that is trusted
 * @param memberNames who may call what only the fleet's own services call ({@link
 *     CallerNameValve#MEMBERS}); none: who may call at all
 */
@ConfigurationProperties("membrane.server")
record ServerTlsProperties(
    @DefaultValue List<String> allowedNames, @DefaultValue List<String> memberNames) {

  ServerTlsProperties {
    allowedNames = checked("allowed-names", allowedNames);
    memberNames = checked("member-names", memberNames);
  }

  boolean namesAny() {
    return !allowedNames.isEmpty() || !memberNames.isEmpty();
  }

  private static List<String> checked(String property, List<String> names) {
    for (String name : names) {
      if (name.isBlank() || name.equals("*") || name.chars().anyMatch(Character::isWhitespace)) {
        throw new StartupProblem(
            "membrane.server." + property + " has '" + name + "', which is no name",
            "Write DNS names or URIs of certificates, such as *.membrane.svc or"
                + " spiffe://cluster.local/ns/membrane/sa/*, or leave it out.");
      }
    }
    return List.copyOf(names);
  }
}
