package io.membrane.scheduler.kubernetes;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.membrane.scheduler.kubernetes.Answers.Refusal;
import java.io.IOException;
import java.io.InterruptedIOException;
import okhttp3.Call;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Makes calls to the Kubernetes API, each once, and says of one that fails what to do about it. */
final class ApiCalls {

  private static final int MAX_BODY = 32 * 1024 * 1024;
  private static final int MAX_REASON = 300;

  private final ApiClient client;
  private final JsonMapper json = JsonMapper.shared();

  ApiCalls(ApiClient client) {
    this.client = client;
  }

  /** A call of client-java's, with its credentials, not yet made. */
  interface Prepared {
    Call call() throws ApiException;
  }

  /**
   * What a call is for.
   *
   * @param verb as RBAC writes it
   * @param resource as RBAC writes it
   */
  record Purpose(String verb, String resource, ScaleTarget target) {
    @Override
    public String toString() {
      return verb + " " + resource + " of " + target;
    }
  }

  /** Makes the call, for at most the client's timeout, and reads its answer. */
  <T> T make(Purpose purpose, Prepared prepared, Class<T> answer) throws ScaleFailure {
    try (Response response = prepared.call().execute()) {
      byte[] body = response.body().byteStream().readNBytes(MAX_BODY);
      if (!response.isSuccessful()) {
        throw refused(purpose, response.code(), reason(body));
      }
      @Nullable T read = json.readValue(body, answer);
      if (read == null) {
        throw strange(purpose, "null", null);
      }
      return read;
    } catch (JacksonException e) {
      throw strange(purpose, firstLine(e), e);
    } catch (InterruptedIOException e) {
      throw ScaleFailure.because(
          "The Kubernetes API at %s did not answer to %s within %d ms; the next reconciliation tries again."
              .formatted(client.getBasePath(), purpose, client.getHttpClient().callTimeoutMillis()),
          e);
    } catch (IOException e) {
      throw ScaleFailure.because(
          "The Kubernetes API cannot be reached at %s (%s): check the address and the network policy; the next reconciliation tries again."
              .formatted(client.getBasePath(), firstLine(e)),
          e);
    } catch (ApiException | RuntimeException e) {
      // client-java reports an unreadable service account token as a plain RuntimeException.
      throw ScaleFailure.because("Could not ask to %s: %s.".formatted(purpose, firstLine(e)), e);
    }
  }

  private ScaleFailure strange(Purpose purpose, String what, @Nullable Exception cause) {
    return ScaleFailure.because(
        "What answers at %s to %s is no Kubernetes API (%s): correct the address."
            .formatted(client.getBasePath(), purpose, what),
        cause);
  }

  private ScaleFailure refused(Purpose purpose, int code, String reason) {
    ScaleTarget target = purpose.target();
    return switch (code) {
      case 401 ->
          ScaleFailure.because(
              "The Kubernetes API at %s does not accept the credentials (401%s): renew the service account's token or the kubeconfig."
                  .formatted(client.getBasePath(), reason),
              null);
      case 403 ->
          ScaleFailure.because(
              "The Kubernetes API forbids to %s (403%s): allow the verb %s on %s in namespace %s to this service account."
                  .formatted(
                      purpose, reason, purpose.verb(), purpose.resource(), target.namespace()),
              null);
      case 404 ->
          ScaleFailure.because(
              "There is no %s (404%s): create it, or correct membrane.scheduler.kubernetes.namespace, %s.kind or %s.name."
                  .formatted(target, reason, target.role(), target.role()),
              null);
      case 409 ->
          ScaleFailure.conflict(
              "Somebody else changed %s between reading and writing (409%s): nothing was scaled; the next reconciliation tries again."
                  .formatted(target, reason));
      default ->
          ScaleFailure.because(
              "The Kubernetes API answered %d to %s%s; the next reconciliation tries again."
                  .formatted(code, purpose, reason),
              null);
    };
  }

  /** What the API says about it, with a comma before it; empty if it says nothing readable. */
  private String reason(byte[] body) {
    try {
      @Nullable Refusal refusal = json.readValue(body, Refusal.class);
      String message = refusal == null ? null : refusal.message();
      if (message == null) {
        return "";
      }
      return ", "
          + (message.length() > MAX_REASON ? message.substring(0, MAX_REASON) + "…" : message);
    } catch (JacksonException e) {
      // A proxy's page in front of the API; the code says enough.
      return "";
    }
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
