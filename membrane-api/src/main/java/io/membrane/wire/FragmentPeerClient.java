package io.membrane.wire;

import io.membrane.rpc.Frame;
import java.io.InputStream;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.service.annotation.GetExchange;
import org.springframework.web.service.annotation.PostExchange;

/**
 * fragment-service as that of another region calls it; whoever calls closes the streams. Nothing is
 * tried again here: the caller does, from where it broke off.
 */
public interface FragmentPeerClient {

  /** Answers a question of a reconciliation ({@code docs/internals/inventory.md}). */
  @PostExchange(
      value = "/v1/inventory",
      contentType = "application/octet-stream",
      accept = "application/octet-stream")
  InputStream inventory(@RequestBody byte[] question);

  /**
   * Frames in the order of the keys.
   *
   * @param codings {@code Accept-Encoding}; {@code Content-Encoding} of the answer tells which it
   *     is
   */
  @PostExchange(value = "/v1/fragments/batch-get", accept = Frame.MEDIA_TYPE)
  ResponseEntity<InputStream> batchGet(
      @RequestHeader("Accept-Encoding") String codings, @RequestBody FragmentClient.Keys keys);

  /**
   * Some of a fragment's bytes.
   *
   * @param range as in {@code bytes=0-99}
   */
  @GetExchange("/v1/fragments/{hash}/{slice}")
  InputStream part(
      @PathVariable String hash, @PathVariable String slice, @RequestHeader("Range") String range);
}
