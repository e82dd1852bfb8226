package io.membrane.rpc;

import java.net.URI;
import java.net.http.HttpClient;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How peers are called over TLS: whom this service trusts and which certificate it shows. Both may
 * be replaced while calls go on: connections that are made from then on use the new ones, those
 * that are open finish. Thread-safe.
 */
public final class PeerTls {

  private static final Logger log = LoggerFactory.getLogger(PeerTls.class);
  private static final Duration SAY_AGAIN = Duration.ofSeconds(30);

  private final boolean isRequired;
  private final List<Runnable> watchers = new CopyOnWriteArrayList<>();
  private final LongAdder failures = new LongAdder();
  private final LongAdder reloads = new LongAdder();

  /** When a failure was last logged, by peer. */
  private final Map<String, Long> saidNanos = new ConcurrentHashMap<>();

  private volatile SSLContext context;

  private PeerTls(SSLContext context, boolean isRequired) {
    this.context = context;
    this.isRequired = isRequired;
  }

  /** {@code https://} by what the JDK trusts, without a certificate of one's own. */
  public static PeerTls ofJdk() {
    try {
      return new PeerTls(SSLContext.getDefault(), false);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Every call over TLS, none over {@code http://}. */
  public static PeerTls required(SSLContext context) {
    return new PeerTls(context, true);
  }

  /** What a connection that is made now uses. */
  public SSLContext context() {
    return context;
  }

  /** Whether peers are called over TLS alone. */
  public boolean isRequired() {
    return isRequired;
  }

  /** Whether a peer may be called there. */
  public boolean permits(URI url) {
    return !isRequired || "https".equalsIgnoreCase(url.getScheme());
  }

  /** What to say of a URL that may not be called. */
  public static String forbidden(URI url) {
    return url + " is not called: membrane.client.ssl-bundle is set, so peers are at https:// URLs";
  }

  /** From now on connections use this. */
  public void replace(SSLContext next) {
    context = next;
    reloads.increment();
    watchers.forEach(Runnable::run);
  }

  /** Who is to be told each time after {@link #replace}; short. */
  public void onReplaced(Runnable watcher) {
    watchers.add(watcher);
  }

  /**
   * An HTTP client that is another one after {@link #replace}, so it is asked for before each call.
   * It verifies the names of those that it calls.
   *
   * @param settings of each that is made
   */
  public Supplier<HttpClient> http(Supplier<HttpClient.Builder> settings) {
    RenewedHttp http = new RenewedHttp(() -> settings.get().sslContext(context).build());
    onReplaced(http::renew);
    return http;
  }

  /** How often certificates were replaced. */
  public long reloads() {
    return reloads.sum();
  }

  /** Calls that ended because certificates were refused, by either side. */
  public long failures() {
    return failures.sum();
  }

  /** Counts a refusal, logs it, and makes it an error for the caller. */
  public MembraneException refused(String peer, URI url, TlsRefusal refusal, Throwable cause) {
    failures.increment();
    String detail = peer + " at " + url + " cannot be called over TLS: " + refusal.reason();
    long now = System.nanoTime();
    Long said =
        saidNanos.merge(peer, now, (before, again) -> isLongAfter(before, again) ? again : before);
    if (said == now) {
      log.warn("{} ({})", detail, refusal.said());
    }
    return new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, detail, cause);
  }

  private static boolean isLongAfter(long beforeNanos, long nanos) {
    return nanos - beforeNanos > SAY_AGAIN.toNanos();
  }
}
