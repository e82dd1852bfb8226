package io.membrane.gateway.routing;

import io.membrane.block.BlockHash;
import java.util.function.Function;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way to a service.
 *
 * @param block whose fragment it is about, or null
 * @param attempt makes the request anew for every try, for the instance that is asked
 * @param isRepeatable whether a failed try may be followed by another
 * @param isHedged whether a second home may be asked while the first is silent
 * @param isOfOne whether one instance alone knows the answer, and the others have none (404)
 */
record Call(
    Service service,
    @Nullable BlockHash block,
    Function<Instance, HttpUriRequestBase> attempt,
    boolean isRepeatable,
    boolean isHedged,
    boolean isOfOne) {}
