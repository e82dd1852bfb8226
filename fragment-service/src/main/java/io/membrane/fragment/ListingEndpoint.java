package io.membrane.fragment;

import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ListingLine;
import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Tells directories what the store holds, of all sharing domains: the gateway lets nobody through
 * to it. A reader that does not read is cut after Tomcat's {@code connection-timeout}.
 */
@Hidden
@RestController
final class ListingEndpoint {

  /** Readers at a time; each is a look at every name in Redis. */
  private static final int MOST = 2;

  /** Longer than any listing takes, which its reader's patience bounds. */
  private static final Duration LONGEST = Duration.ofHours(1);

  private final Semaphore free = new Semaphore(MOST);
  private final FragmentStore store;

  ListingEndpoint(FragmentStore store) {
    this.store = store;
  }

  @GetMapping(path = ListingLine.PATH, produces = ListingLine.MEDIA_TYPE)
  void list(HttpServletResponse response) throws Exception {
    if (!free.tryAcquire()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "what is stored is being told to " + MOST + " already; try later");
    }
    try {
      response.setContentType(ListingLine.MEDIA_TYPE);
      OutputStream out = response.getOutputStream();
      var _ =
          CallContext.of(CallContext.DEFAULT_TENANT, LONGEST)
              .call(() -> {
                store.listing().tell(lines -> write(lines, out));
                return true;
              });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      free.release();
    }
  }

  private static void write(List<ListingLine> lines, OutputStream out) {
    try {
      ByteArrayOutputStream page = new ByteArrayOutputStream();
      for (ListingLine line : lines) {
        page.write(WireJson.mapper().writeValueAsBytes(line));
        page.write('\n');
      }
      page.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
