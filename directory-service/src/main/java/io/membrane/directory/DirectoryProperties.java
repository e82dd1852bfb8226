package io.membrane.directory;

import io.membrane.boot.StartupProblem;
import io.membrane.directory.location.Image;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.NamespaceRequest;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What the directory is told at its start.
 *
 * @param maxBlocks blocks in memory; past it those go that are used least
 * @param maxEngineBlocks blocks of followed engines whose names there this replica keeps; past it
 *     further ones are not told of
 * @param maxLogBytes bytes that the log is cut to, roughly, beside the limit in entries that the
 *     fragment store holds it to; half as many are read before a snapshot is written
 * @param defaults parts of a namespace that callers leave out
 * @param sharing with whom a tenant without a policy shares: nobody, or everybody; the same as
 *     {@code membrane.fragment.sharing}
 * @param sharingSalts secret by tenant, for the hashes of its blocks; tenants with the same secret
 *     have the same hashes, and so have tenants without one. Who sees what is said by sharing alone
 */
@ConfigurationProperties("membrane.directory")
record DirectoryProperties(
    @DefaultValue("2000000") int maxBlocks,
    @DefaultValue("500000") int maxEngineBlocks,
    @DefaultValue("256MB") DataSize maxLogBytes,
    @DefaultValue Defaults defaults,
    @DefaultValue("isolated") Sharing sharing,
    @DefaultValue Map<String, String> sharingSalts) {

  private static final DataSize LEAST_LOG = DataSize.ofMegabytes(1);

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
    if (maxBlocks < 1 || maxBlocks > Image.MAX_BLOCKS) {
      throw new StartupProblem(
          "membrane.directory.max-blocks is " + maxBlocks,
          "Write a number from 1 to %d, for example 2000000.".formatted(Image.MAX_BLOCKS));
    }
    if (maxEngineBlocks < 1) {
      throw new StartupProblem(
          "membrane.directory.max-engine-blocks is " + maxEngineBlocks,
          "Write a number from 1 on, for example 500000.");
    }
    if (maxLogBytes.compareTo(LEAST_LOG) < 0) {
      throw new StartupProblem(
          "membrane.directory.max-log-bytes is " + maxLogBytes,
          "Write at least 1MB, for example 256MB.");
    }
    if (sharing == Sharing.GROUP) {
      throw new StartupProblem(
          "membrane.directory.sharing is group",
          "Write isolated or public; a group is named by a tenant's policy.");
    }
    sharingSalts.forEach((tenant, salt) -> {
      if (salt.isBlank()) {
        throw new StartupProblem(
            "membrane.directory.sharing-salts." + tenant + " is empty",
            "Write the sharing domain's secret, or remove the property to let tenant "
                + tenant
                + " hash as those without one do.");
      }
    });
    return this;
  }

  /** Without the secrets. */
  @Override
  public String toString() {
    return "DirectoryProperties[maxBlocks=%d, maxEngineBlocks=%d, maxLogBytes=%s, defaults=%s, sharing=%s, salted tenants=%s]"
        .formatted(
            maxBlocks, maxEngineBlocks, maxLogBytes, defaults, sharing, sharingSalts.keySet());
  }
}
