package io.membrane.reconstruction;

import io.membrane.block.ContentDigest;
import io.membrane.reconstruction.execute.Delivery;
import io.membrane.reconstruction.execute.Reconstruction;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;

/** Tails of prompts, from whichever worker computed them. */
@RestController
class TransferBlockEndpoint {

  private final Reconstruction reconstruction;
  private final Delivery delivery;

  TransferBlockEndpoint(Reconstruction reconstruction, Delivery delivery) {
    this.reconstruction = reconstruction;
    this.delivery = delivery;
  }

  @Operation(
      summary = "The bytes of a transfer block, once",
      description =
          "Asked of the worker that the id names; 404 if it was handed out, its time is over, or its"
              + " worker was started anew")
  @GetMapping("/v1/transfer-blocks/{id}")
  void transferBlock(@PathVariable String id, HttpServletResponse response) throws IOException {
    delivery.deliverTail(reconstruction.holderOf(id), id, bytes -> send(bytes, response));
  }

  private static void send(byte[] bytes, HttpServletResponse response) throws IOException {
    response.setContentType(MediaType.APPLICATION_OCTET_STREAM_VALUE);
    response.setContentLength(bytes.length);
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    response.setHeader("Repr-Digest", ContentDigest.of(bytes).toReprDigest());
    try {
      response.getOutputStream().write(bytes);
    } catch (IOException e) {
      throw new AsyncRequestNotUsableException("the caller of a transfer block has left", e);
    }
  }
}
