package io.membrane.gateway;

import io.membrane.boot.StartupProblem;
import io.membrane.wire.FragmentTokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Tokens with which engines talk to fragment nodes directly.
 *
 * @param secretFile of one secret or two, one a line, of which the first signs; null: no tokens
 * @param maxLife of a token; at most 1 h
 */
@ConfigurationProperties("membrane.gateway.direct")
record DirectAccessProperties(@Nullable Path secretFile, @DefaultValue("5m") Duration maxLife) {

  private static final String FILE = "membrane.gateway.direct.secret-file";
  private static final Duration LONGEST = Duration.ofHours(1);

  DirectAccessProperties {
    secretFile = secretFile == null || secretFile.toString().isBlank() ? null : secretFile;
    if (maxLife.toSeconds() < 1 || maxLife.compareTo(LONGEST) > 0) {
      throw new StartupProblem(
          "membrane.gateway.direct.max-life is " + maxLife + ", not 1 s to 1 h",
          "Write how long a token may hold, for example 5m: it cannot be revoked.");
    }
  }

  /**
   * The secret that signs, or null.
   *
   * @throws StartupProblem if there is a file, and none in it
   */
  byte @Nullable [] secret() {
    if (secretFile == null) {
      return null;
    }
    try {
      return FragmentTokens.secrets(Files.readString(secretFile))
          .orElseThrow(() ->
              new StartupProblem(
                  FILE + " is " + secretFile + ", which does not hold one or two secrets",
                  FragmentTokens.MAKE_SECRET))
          .getFirst();
    } catch (IOException e) {
      throw new StartupProblem(
          FILE + " is " + secretFile + ", which cannot be read: " + e.getClass().getSimpleName(),
          "Name a file that this process may read. " + FragmentTokens.MAKE_SECRET);
    }
  }
}
