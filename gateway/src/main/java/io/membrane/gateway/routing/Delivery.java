package io.membrane.gateway.routing;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import java.util.List;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.HttpStatus;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through the instances that may answer it. Those that surely did not begin
 * with it are passed over at once; every other failure is the caller's to judge, and the next
 * {@link #send} goes on at the next instance. To be used by one thread but for {@link #abort}.
 */
final class Delivery {

  private final Call call;
  private final Exchanges exchanges;
  private final List<Instance> order;
  private final Runnable onPassedOver;
  private int next;
  private @Nullable HttpUriRequestBase underWay;
  private boolean aborted;

  /**
   * @param order whom to ask, the first first
   * @param onPassedOver told of each instance that is passed over
   */
  Delivery(Call call, Exchanges exchanges, List<Instance> order, Runnable onPassedOver) {
    this.call = call;
    this.exchanges = exchanges;
    this.order = order;
    this.onPassedOver = onPassedOver;
  }

  /**
   * An answer, its body still to be read.
   *
   * @throws MembraneException if there is none
   */
  Answer send() {
    for (int tried = 1; ; tried++) {
      Instance instance = order.get(next++ % order.size());
      boolean isLast = tried == order.size();
      HttpUriRequestBase request = begin(instance);
      try {
        Answer answer = exchanges.send(instance, request);
        if (isLast || !isElsewhere(answer)) {
          return answer;
        }
        answer.close();
      } catch (MembraneException e) {
        if (isLast || !Exchanges.wasNotSent(e) || isBegun(request) || isInVain()) {
          throw e;
        }
        onPassedOver.run();
      }
    }
  }

  private boolean isElsewhere(Answer answer) {
    return call.isOfOne() && answer.response().getCode() == HttpStatus.SC_NOT_FOUND;
  }

  /** A body can be sent once. */
  private static boolean isBegun(HttpUriRequestBase request) {
    return request.getEntity() instanceof IncomingBody body && body.isBegun();
  }

  private boolean isInVain() {
    return CallContext.isCancelled() || CallContext.isPastDeadline() || isAborted();
  }

  private HttpUriRequestBase begin(Instance instance) {
    HttpUriRequestBase request = call.attempt().apply(instance);
    synchronized (this) {
      underWay = request;
      if (aborted) {
        request.abort();
      }
    }
    return request;
  }

  private synchronized boolean isAborted() {
    return aborted;
  }

  /** Ends it, whatever it is at; another thread may say so. */
  synchronized void abort() {
    aborted = true;
    if (underWay != null) {
      underWay.abort();
    }
  }
}
