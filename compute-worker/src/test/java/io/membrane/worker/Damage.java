package io.membrane.worker;

import static java.util.Objects.requireNonNull;

import io.membrane.block.ContentDigest;
import io.membrane.block.Signature;
import io.membrane.block.TokenSpan;
import io.membrane.rpc.Frame;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What can be wrong with a stored block. */
enum Damage {
  MISSING,
  FLIPPED_BIT,
  SHORT,
  NO_SIGNATURE,
  OTHER_ROPE,
  OTHER_SPAN;

  /** The frame with this damage; null where it is gone. */
  @Nullable Frame apply(Frame frame) {
    FragmentMeta meta = requireNonNull(frame.header().meta());
    Signature s = requireNonNull(meta.signature());
    return switch (this) {
      case MISSING -> null;
      case FLIPPED_BIT -> {
        byte[] bytes = frame.body().clone();
        bytes[77] ^= 1;
        yield new Frame(200, frame.header(), bytes);
      }
      case SHORT -> {
        byte[] cut = Arrays.copyOf(frame.body(), frame.body().length - 4);
        yield Frame.payload(200, frame.header().key(), meta, ContentDigest.of(cut), cut);
      }
      case NO_SIGNATURE -> signed(frame, meta, null);
      case OTHER_ROPE -> signed(frame, meta, signature(s, s.tokenSpan(), "rope:yarn"));
      case OTHER_SPAN -> signed(frame, meta, signature(s, new TokenSpan(0, 16), "rope"));
    };
  }

  private static Signature signature(Signature s, TokenSpan span, String encoding) {
    return new Signature(
        s.namespace(),
        s.layout(),
        s.layers(),
        s.kvHeads(),
        s.headDim(),
        span,
        encoding,
        s.ropeBase());
  }

  private static Frame signed(Frame frame, FragmentMeta meta, @Nullable Signature signature) {
    FragmentMeta other =
        new FragmentMeta(meta.namespace(), meta.parent(), meta.tokenSpan(), signature, null, false);
    return Frame.payload(
        200, frame.header().key(), other, requireNonNull(frame.header().digest()), frame.body());
  }
}
