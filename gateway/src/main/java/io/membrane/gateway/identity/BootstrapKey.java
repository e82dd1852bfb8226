package io.membrane.gateway.identity;

import io.membrane.boot.StartupProblem;
import io.membrane.rpc.CallContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The first key of a fleet: of a file, with every scope, in the default tenant's name. */
record BootstrapKey(String id, StoredKey record) {

  private static final String MAKE =
      "Write one line into it: echo \"mbr_bootstrap_$(openssl rand -hex 32)\" > <file>.";

  /**
   * Reads it.
   *
   * @throws StartupProblem if it cannot be read or is no key; what it holds is never told
   */
  static @Nullable BootstrapKey read(@Nullable Path file) {
    if (file == null) {
      return null;
    }
    String text;
    try {
      text = Files.readString(file).strip();
    } catch (IOException e) {
      throw new StartupProblem(
          "membrane.gateway.security.bootstrap-key-file is %s, which cannot be read: %s"
              .formatted(file, e.getClass().getSimpleName()),
          "Name a file that this process may read. " + MAKE);
    }
    ApiKey key =
        ApiKey.parse(text)
            .orElseThrow(() ->
                new StartupProblem(
                    "membrane.gateway.security.bootstrap-key-file is "
                        + file
                        + ", which holds no key of the form mbr_<id>_<secret>",
                    MAKE));
    return new BootstrapKey(
        key.id(),
        new StoredKey(
            CallContext.DEFAULT_TENANT,
            "bootstrap",
            EnumSet.allOf(Scope.class),
            0,
            Long.MAX_VALUE,
            HexFormat.of().formatHex(key.digest())));
  }
}
