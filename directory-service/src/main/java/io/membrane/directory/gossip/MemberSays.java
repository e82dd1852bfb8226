package io.membrane.directory.gossip;

import static io.membrane.directory.gossip.GossipProperties.isHttp;

import io.membrane.rpc.WireJson;
import java.net.URI;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * What a member of the gossip tells of itself.
 *
 * @param region where it stands
 * @param url where it answers
 */
record MemberSays(String region, URI url) {

  private static final int MAX_BYTES = 4096;

  ByteBuffer toBytes() {
    return ByteBuffer.wrap(WireJson.mapper().writeValueAsBytes(this));
  }

  /**
   * Reads what another one wrote, which may be of another version.
   *
   * @throws IllegalArgumentException if it cannot be understood
   */
  static MemberSays of(ByteBuffer bytes) {
    if (bytes.remaining() > MAX_BYTES) {
      throw new IllegalArgumentException("it says more than " + MAX_BYTES + " bytes");
    }
    byte[] copy = new byte[bytes.remaining()];
    bytes.slice().get(copy);
    try {
      @Nullable MemberSays read = WireJson.mapper().readValue(copy, MemberSays.class);
      if (read == null || read.region() == null || read.url() == null || !isHttp(read.url())) {
        throw new IllegalArgumentException("it names no region, or no http URL");
      }
      return read;
    } catch (JacksonException e) {
      throw new IllegalArgumentException("what it says is not what directories say", e);
    }
  }
}
