package io.membrane.fragment;

import io.membrane.boot.StartupProblem;
import io.membrane.wire.FragmentTokens;
import io.membrane.wire.MembershipClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The port at which engines are let in with a token of the gateway.
 *
 * @param port 0: any that is free; -1: none
 * @param secretFile of one secret or two, one a line, by which tokens are checked
 * @param url where engines reach that port; absent: the node's own host
 */
@ConfigurationProperties("membrane.fragment.direct")
record DirectProperties(
    @DefaultValue("-1") int port, @Nullable Path secretFile, @Nullable String url) {

  static final int NONE = -1;
  static final String PORT = "membrane.fragment.direct.port";

  private static final int MAX_PORT = 65_535;
  private static final Pattern URL = Pattern.compile(MembershipClient.URL);

  DirectProperties {
    secretFile = secretFile == null || secretFile.toString().isBlank() ? null : secretFile;
    url = url == null || url.isBlank() ? null : url;
    if (port < NONE || port > MAX_PORT) {
      throw new StartupProblem(
          PORT + " is out of range", "Set " + PORT + " to a port, e.g. 8092, or to -1 for none.");
    }
    if (url != null && !URL.matcher(url).matches()) {
      throw new StartupProblem(
          "membrane.fragment.direct.url is not usable",
          "Set it to the URL that engines reach this node by, e.g. https://fragment-0:8092.");
    }
  }

  boolean isOpen() {
    return port != NONE;
  }

  /**
   * The secrets.
   *
   * @throws StartupProblem if there are none
   */
  List<byte[]> secrets() {
    String file = "membrane.fragment.direct.secret-file";
    if (secretFile == null) {
      throw new StartupProblem(
          PORT + " is set, and " + file + " is not: everybody could come in",
          "Set " + file + ". " + FragmentTokens.MAKE_SECRET);
    }
    try {
      return FragmentTokens.secrets(Files.readString(secretFile))
          .orElseThrow(() ->
              new StartupProblem(
                  file + " is " + secretFile + ", which does not hold one or two secrets",
                  FragmentTokens.MAKE_SECRET));
    } catch (IOException e) {
      throw new StartupProblem(
          file + " is " + secretFile + ", which cannot be read: " + e.getClass().getSimpleName(),
          "Name a file that this process may read. " + FragmentTokens.MAKE_SECRET);
    }
  }
}
