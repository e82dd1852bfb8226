package io.membrane.directory.gossip;

import io.scalecube.cluster.metadata.MetadataCodec;
import java.nio.ByteBuffer;

/**
 * What a member says, as bytes; read by {@link MemberSays}, since others may say what they like.
 */
final class SaidBytes implements MetadataCodec {

  @Override
  public Object deserialize(ByteBuffer buffer) {
    byte[] copy = new byte[buffer.remaining()];
    buffer.slice().get(copy);
    return copy;
  }

  @Override
  public ByteBuffer serialize(Object metadata) {
    return ByteBuffer.wrap((byte[]) metadata);
  }
}
