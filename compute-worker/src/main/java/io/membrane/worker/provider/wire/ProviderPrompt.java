package io.membrane.worker.provider.wire;

import io.membrane.block.Tokens;

/** A prompt in the form that its provider takes. */
public sealed interface ProviderPrompt {

  /** As text. */
  record Text(String text) implements ProviderPrompt {}

  /** As the model's token ids. */
  record Ids(Tokens tokens) implements ProviderPrompt {}

  /** The text of a prompt that has been made for a provider of texts. */
  default String text() {
    return switch (this) {
      case Text prompt -> prompt.text();
      case Ids prompt ->
          throw new IllegalStateException("a text is wanted, not " + prompt.tokens());
    };
  }

  /** The ids of a prompt that has been made for a provider of tokens. */
  default Tokens ids() {
    return switch (this) {
      case Ids prompt -> prompt.tokens();
      case Text prompt -> throw new IllegalStateException("tokens are wanted, not text");
    };
  }
}
