package io.membrane.worker.provider;

import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.PrefillRequest;
import io.membrane.worker.provider.wire.ProviderPrompt;
import io.membrane.worker.provider.wire.ProviderWire;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Tokens of a provider's prompts. A backend that takes tokens is asked for those of a text; of any
 * other nobody knows them, and the bytes of the text in UTF-8 stand for them.
 */
public final class ProviderTokens {

  /** A prompt as it is named, and as it is sent. */
  record Read(Tokens tokens, ProviderPrompt sent) {}

  private final ProviderModel model;
  private final ProviderWire wire;
  private final ProviderCall call;

  public ProviderTokens(ProviderModel model, ProviderWire wire, ProviderCall call) {
    this.model = model;
    this.wire = wire;
    this.call = call;
  }

  /**
   * Tokens of a text.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if the text holds half a
   *     character, or what the backend answers
   */
  public Tokens encode(String text, boolean addSpecialTokens) {
    byte[] bytes = utf8(text);
    if (!model.backend().takesTokens()) {
      int[] ids = new int[bytes.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = Byte.toUnsignedInt(bytes[i]);
      }
      return Tokens.ofInts(ids);
    }
    return call.post(
        wire.tokenizePath(),
        wire.tokenizeRequest(model.options().model(), text, addSpecialTokens),
        wire::tokens);
  }

  /** The prompt of a request. */
  Read read(PrefillRequest request) {
    if ((request.tokens() == null) == (request.text() == null)) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "a prompt is either tokens or text: give exactly one");
    }
    boolean takesTokens = model.backend().takesTokens();
    if (request.tokens() != null && !takesTokens) {
      throw impossible(
          model.backend().word()
              + " takes text and tells nobody its tokens: send the prompt as text");
    }
    Tokens tokens = request.tokens();
    if (tokens == null) {
      tokens = encode(request.text(), true);
    }
    if (tokens.length() == 0) {
      throw impossible("a prompt has at least one token");
    }
    if (takesTokens && tokens.length() > model.maxTokens()) {
      throw impossible(
          "the prompt has %d tokens, this worker takes %d (membrane.worker.max-tokens)"
              .formatted(tokens.length(), model.maxTokens()));
    }
    return new Read(
        tokens,
        takesTokens ? new ProviderPrompt.Ids(tokens) : new ProviderPrompt.Text(request.text()));
  }

  private static byte[] utf8(String text) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] array = new byte[bytes.remaining()];
      bytes.get(array);
      return array;
    } catch (CharacterCodingException e) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "text holds a surrogate without its other half", e);
    }
  }

  private static MembraneException impossible(String detail) {
    return new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, detail);
  }
}
