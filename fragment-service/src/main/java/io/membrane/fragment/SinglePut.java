package io.membrane.fragment;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient.FragmentMeta;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;

/** Stores the fragment that a request brings. */
final class SinglePut {

  static final String PREFER = "Prefer";
  static final String RESPOND_ASYNC = "respond-async";
  private static final String PREFERENCE_APPLIED = "Preference-Applied";

  private final FragmentStore store;
  private final CodedUploads uploads;

  SinglePut(FragmentStore store, long maxBytes) {
    this.store = store;
    this.uploads = new CodedUploads(new Uploads(store, maxBytes), store, maxBytes);
  }

  /**
   * Stores, and answers that it is done.
   *
   * @throws MembraneException if it is not; nothing is answered then
   */
  void answer(FragmentKey key, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    FragmentMeta meta = FragmentHeaders.meta(request);
    ContentDigest claimed = CodedUploads.claimed(request);
    if (request.getHeader(HttpHeaders.CONTENT_RANGE) != null) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "a fragment is stored whole; leave out Content-Range");
    }
    try (Payload body = uploads.read(request)) {
      String tenant = CallContext.tenantOfCall();
      ContentDigest accepted =
          mayBeWrittenLater(request) ? store.putLater(tenant, key, meta, claimed, body) : null;
      if (accepted != null) {
        response.setHeader(PREFERENCE_APPLIED, RESPOND_ASYNC);
        answer(HttpStatus.ACCEPTED, accepted, null, request, response);
      } else {
        FragmentStore.Stored stored = store.put(tenant, key, meta, claimed, body);
        HttpStatus status = stored.isNew() ? HttpStatus.CREATED : HttpStatus.OK;
        answer(status, stored.digest(), stored.logPosition(), request, response);
      }
    }
  }

  private static void answer(
      HttpStatus status,
      ContentDigest digest,
      @Nullable String logPosition,
      HttpServletRequest request,
      HttpServletResponse response) {
    if (CodedUploads.isCoded(request)) {
      FragmentHeaders.writeTransformed(digest, logPosition, response);
    } else {
      FragmentHeaders.write(digest, logPosition, response);
    }
    response.setStatus(status.value());
  }

  /** {@code Prefer: respond-async} (RFC 7240). */
  private static boolean mayBeWrittenLater(HttpServletRequest request) {
    return Collections.list(request.getHeaders(PREFER)).stream()
        .flatMap(header -> Arrays.stream(header.split(",", -1)))
        .map(preference -> preference.split(";", 2)[0].strip())
        .anyMatch(RESPOND_ASYNC::equalsIgnoreCase);
  }
}
