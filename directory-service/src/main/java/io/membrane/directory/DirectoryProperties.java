package io.membrane.directory;

import io.membrane.boot.StartupProblem;
import io.membrane.wire.NamespaceRequest;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What the directory is told at its start.
 *
 * @param maxBlocks blocks in memory; past it the least recently stored are forgotten
 * @param maxLogEntries entries that the log is cut to, roughly; what it no longer holds is not
 *     known after a restart
 * @param defaults parts of a namespace that callers leave out
 * @param sharingSalts secret by tenant; tenants with the same secret share blocks with each other,
 *     tenants without one share publicly
 */
@ConfigurationProperties("membrane.directory")
record DirectoryProperties(
    @DefaultValue("2000000") int maxBlocks,
    @DefaultValue("10000000") long maxLogEntries,
    @DefaultValue Defaults defaults,
    @DefaultValue Map<String, String> sharingSalts) {

  DirectoryProperties {
    sharingSalts = Map.copyOf(sharingSalts);
  }

  /** Null where every caller has to name the part. */
  record Defaults(
      @Nullable String model,
      @Nullable String revision,
      @Nullable String kvDtype,
      @DefaultValue("256") int blockTokens) {

    NamespaceRequest asRequest() {
      return new NamespaceRequest(model, revision, kvDtype, blockTokens);
    }
  }

  /** Stops the start if a value cannot be meant. */
  DirectoryProperties checked() {
    atLeastOne("max-blocks", maxBlocks, "2000000");
    atLeastOne("max-log-entries", maxLogEntries, "10000000");
    sharingSalts.forEach((tenant, salt) -> {
      if (salt.isBlank()) {
        throw new StartupProblem(
            "membrane.directory.sharing-salts." + tenant + " is empty",
            "Write the sharing domain's secret, or remove the property to let tenant "
                + tenant
                + " share publicly.");
      }
    });
    return this;
  }

  /** Without the secrets. */
  @Override
  public String toString() {
    return "DirectoryProperties[maxBlocks=%d, maxLogEntries=%d, defaults=%s, salted tenants=%s]"
        .formatted(maxBlocks, maxLogEntries, defaults, sharingSalts.keySet());
  }

  private static void atLeastOne(String name, long value, String example) {
    if (value < 1) {
      throw new StartupProblem(
          "membrane.directory." + name + " is " + value,
          "Write a number of at least 1, for example " + example + ".");
    }
  }
}
