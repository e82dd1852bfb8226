package io.membrane.directory.gossip;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.scalecube.cluster.transport.api.Message;
import io.scalecube.cluster.transport.api.MessageCodec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages that only who knows the key can write, and that nobody else's bytes can be mistaken for:
 * nothing is deserialized before its seal was found right. Thread-safe.
 *
 * <pre>
 * +--------------------------------------+------------------------------------+
 * | HMAC-SHA256(key, PURPOSE + message)  | message, serialized by Java        |
 * | 32 bytes                             | what remains                       |
 * +--------------------------------------+------------------------------------+
 * </pre>
 */
final class SealedMessages implements MessageCodec {

  private static final Logger log = LoggerFactory.getLogger(SealedMessages.class);

  private static final String ALGORITHM = "HmacSHA256";
  private static final int SEAL_BYTES = 32;

  /** The key is shown in requests too; what is sealed for gossip is good for nothing else. */
  private static final byte[] PURPOSE = "membrane directory gossip 1\n".getBytes(UTF_8);

  /** What ScaleCube's own messages consist of. */
  private static final ObjectInputFilter ALLOWED =
      ObjectInputFilter.Config.createFilter(
          "maxdepth=16;maxarray=65536;io.scalecube.cluster.**;java.util.ArrayList;"
              + "java.lang.Object;java.lang.Enum;java.lang.String;!*");

  private static final Message NOTHING = Message.withQualifier("membrane/refused").build();

  private final SecretKeySpec key;
  private final AtomicLong refused = new AtomicLong();

  SealedMessages(String key) {
    this.key = new SecretKeySpec(key.getBytes(UTF_8), ALGORITHM);
  }

  /** Messages without a right seal. */
  long refused() {
    return refused.get();
  }

  @Override
  public void serialize(Message message, OutputStream out) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream objects = new ObjectOutputStream(bytes)) {
      message.writeExternal(objects);
    }
    out.write(seal(bytes.toByteArray()));
    bytes.writeTo(out);
  }

  /**
   * A message; one that nobody listens to if the seal is not right, since ScaleCube logs errors.
   */
  @Override
  public Message deserialize(InputStream in) throws IOException, ClassNotFoundException {
    byte[] seal = in.readNBytes(SEAL_BYTES);
    byte[] bytes = in.readAllBytes();
    if (!MessageDigest.isEqual(seal, seal(bytes))) {
      if (refused.getAndIncrement() == 0) {
        log.warn(
            "gossip came from somebody who does not know membrane.directory.peer-key; it is"
                + " ignored, and counted from now on");
      }
      return NOTHING;
    }
    Message message = new Message();
    try (ObjectInputStream objects = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      objects.setObjectInputFilter(ALLOWED);
      message.readExternal(objects);
    }
    return message;
  }

  private byte[] seal(byte[] bytes) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update(PURPOSE);
      return mac.doFinal(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has " + ALGORITHM, e);
    }
  }
}
