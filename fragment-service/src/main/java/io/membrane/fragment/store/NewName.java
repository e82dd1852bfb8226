package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.tenancy.Policy;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A name that a body gets.
 *
 * @param meta null unless it is a fragment's
 * @param ttlMs milliseconds; 0: it has no end
 * @param overwrite whether it takes the place of other bytes of this name
 * @param with names that go when this one goes
 */
record NewName(
    Name name,
    String owner,
    Policy policy,
    @Nullable FragmentMeta meta,
    ContentDigest digest,
    long bytes,
    long ttlMs,
    boolean overwrite,
    List<Name> with) {}
