package io.membrane.fragment.hot;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.connector.AtOnce;
import io.membrane.fragment.connector.PathAnswers;
import io.membrane.fragment.hot.AskedRange.Part;
import io.micrometer.core.instrument.Timer;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.catalina.Container;
import org.apache.catalina.Context;
import org.apache.catalina.Valve;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.connector.Request;
import org.apache.catalina.valves.AbstractAccessLogValve;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.tomcat.util.buf.MessageBytes;
import org.apache.tomcat.util.http.MimeHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Reads of fragments in memory that a connection repeats with the same headers: answered on the
 * thread at which they arrive, byte for byte as {@link FragmentReadValve} answers them.
 *
 * <p>Valves before that one do not see such a request; so they are for the service's own port
 * alone, where no valve decides by the caller, and not while the service drains or writes an access
 * log.
 */
final class RepeatedReads {

  private static final String CONNECTION = "Connection";
  private static final String KEEP_ALIVE = "keep-alive";

  private final MemoryReads memory;
  private final Timer whole;
  private final Timer broken;
  private final BooleanSupplier isDraining;

  /**
   * @param whole time of answers that have left
   * @param broken of those that have not
   */
  RepeatedReads(MemoryReads memory, Timer whole, Timer broken, BooleanSupplier isDraining) {
    this.memory = memory;
    this.whole = whole;
    this.broken = broken;
    this.isDraining = isDraining;
  }

  /** Lets the connection of a request that was answered repeat it. */
  void learnFrom(Request request, Question question, Context context) {
    org.apache.coyote.Request asked = request.getCoyoteRequest();
    Connector connector = request.getConnector();
    byte[] told = told(asked.getMimeHeaders(), connector);
    if (told != null
        && question.isForWhole()
        && connector.equals(connector.getService().findConnectors()[0])
        && !hasAccessLog(context)) {
      AtOnce.learn(
          request.getServletConnection(),
          asked.requestURI().toString(),
          asked.getMimeHeaders().size(),
          path -> answer(path, question.tenant(), told, context));
    }
  }

  /** What Tomcat tells of the connection in its answer, or null if that is not known here. */
  private static byte @Nullable [] told(MimeHeaders headers, Connector connector) {
    MessageBytes wish = headers.getValue(CONNECTION);
    if (wish == null) {
      return new byte[0];
    }
    if (!wish.equalsIgnoreCase(KEEP_ALIVE)
        || headers.findHeader(CONNECTION, headers.findHeader(CONNECTION, 0) + 1) >= 0
        || !(connector.getProtocolHandler() instanceof AbstractHttp11Protocol<?> http)
        || http.getKeepAliveTimeout() <= 0) {
      return null;
    }
    return "Keep-Alive: timeout=%d\r\nConnection: keep-alive\r\n"
        .formatted(http.getKeepAliveTimeout() / 1000)
        .getBytes(US_ASCII);
  }

  private static boolean hasAccessLog(Context context) {
    for (Container at = context; at != null; at = at.getParent()) {
      for (Valve valve : at.getPipeline().getValves()) {
        if (valve instanceof AbstractAccessLogValve) {
          return true;
        }
      }
    }
    return false;
  }

  private PathAnswers.@Nullable PathAnswer answer(
      String path, String tenant, byte[] told, Context context) {
    FragmentKey key = KeyPath.parse(path);
    if (key == null || isDraining.getAsBoolean()) {
      return null;
    }
    long start = System.nanoTime();
    Resident resident = memory.findKept(tenant, key);
    return resident == null ? null : new Sent(resident, told, start, context);
  }

  /** An answer on its way, for whose end the end of the server waits. */
  private final class Sent implements PathAnswers.PathAnswer {

    private final Resident resident;
    private final byte[] told;
    private final long start;
    private final Context context;

    private Sent(Resident resident, byte[] told, long start, Context context) {
      this.resident = resident;
      this.told = told;
      this.start = start;
      this.context = context;
      context.incrementInProgressAsyncCount();
    }

    @Override
    public void head(ByteBuffer into) {
      Part all = new Part(0, resident.body().length());
      new Answer(resident, ReadOutcome.WHOLE, all).writeHead(into, told);
    }

    @Override
    public ByteBuffer[] body() {
      return resident.body().buffers(0, resident.body().length());
    }

    @Override
    public void end(boolean isWhole) {
      resident.close();
      (isWhole ? whole : broken).record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
      context.decrementInProgressAsyncCount();
    }
  }
}
