package io.membrane.rpc;

import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * That certificates are refused, by either side: a state that another try does not change. A
 * handshake that merely breaks off is none.
 *
 * @param reason what is wrong and what to do
 * @param said what the library says
 */
public record TlsRefusal(String reason, String said) {

  private static final String ALERT = "fatal alert: ";

  /** The refusal behind a failure; null if it has another cause. */
  public static @Nullable TlsRefusal in(Throwable failure) {
    String reason = null;
    String said = "";
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof SSLException || e instanceof CertificateException) {
        String message = String.valueOf(e.getMessage());
        String found =
            e instanceof CertificateException || e instanceof SSLPeerUnverifiedException
                ? ofPeers(e, message.toLowerCase(Locale.ROOT))
                : ofAlert(message);
        reason = found == null ? reason : found;
        said = found == null ? said : message;
      }
    }
    return reason == null ? null : new TlsRefusal(reason, said);
  }

  private static String ofPeers(Throwable e, String message) {
    if (e instanceof CertificateExpiredException) {
      return "its certificate has expired; renew it";
    }
    if (e instanceof CertificateNotYetValidException) {
      return "its certificate is not valid yet; compare the clocks";
    }
    if (message.contains("subject alternative") || message.contains("no name matching")) {
      return "its certificate is not for that name; call it by a name that the certificate has, or"
          + " add this one to it";
    }
    return "its certificate is of no authority that this service trusts; compare the truststore of"
        + " membrane.client.ssl-bundle";
  }

  private static @Nullable String ofAlert(String message) {
    int alert = message.indexOf(ALERT);
    if (alert >= 0) {
      return "it refuses this service's certificate ("
          + message.substring(alert + ALERT.length())
          + "); give membrane.client.ssl-bundle a valid one of an authority that it trusts";
    }
    return message.contains("nrecognized SSL message")
        ? "it does not speak TLS there; set its server.ssl.bundle, or correct the URL"
        : null;
  }
}
