package io.membrane.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.membrane.block.Tokens;
import java.util.List;

/**
 * Inputs of an embedding request in any of OpenAI's forms: a text, texts, the token ids of one
 * input, or those of several. Exactly one of the two lists has elements.
 */
public record EmbeddingInput(List<Tokens> tokens, List<String> texts) {

  private static final String FORMS =
      "input is a text, a list of texts, a list of token ids, or a list of such lists";

  public EmbeddingInput {
    tokens = List.copyOf(tokens);
    texts = List.copyOf(texts);
    if (tokens.isEmpty() == texts.isEmpty()) {
      throw new IllegalArgumentException(FORMS + "; it has at least one element");
    }
  }

  /** Chunks of tokens. */
  public static EmbeddingInput ofTokens(List<Tokens> chunks) {
    return new EmbeddingInput(chunks, List.of());
  }

  /** How many inputs. */
  public int size() {
    return tokens.size() + texts.size();
  }

  /**
   * From a JSON value.
   *
   * @throws IllegalArgumentException if it is none of the forms
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static EmbeddingInput of(Object json) {
    if (json instanceof String text) {
      return new EmbeddingInput(List.of(), List.of(text));
    }
    if (!(json instanceof List<?> list)) {
      throw new IllegalArgumentException(FORMS);
    }
    return switch (list.isEmpty() ? null : list.getFirst()) {
      case Number _ -> ofTokens(List.of(chunk(list)));
      case List<?> _ -> ofTokens(list.stream().map(EmbeddingInput::chunk).toList());
      case String _ ->
          new EmbeddingInput(List.of(), list.stream().map(EmbeddingInput::text).toList());
      case null, default -> throw new IllegalArgumentException(FORMS);
    };
  }

  private static String text(Object element) {
    if (element instanceof String text) {
      return text;
    }
    throw new IllegalArgumentException(FORMS);
  }

  private static Tokens chunk(Object element) {
    if (!(element instanceof List<?> list)) {
      throw new IllegalArgumentException(FORMS);
    }
    long[] ids = new long[list.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] =
          switch (list.get(i)) {
            case Integer id -> id;
            case Long id -> id;
            case null, default -> throw new IllegalArgumentException(FORMS);
          };
    }
    return Tokens.of(ids);
  }

  @JsonValue
  List<?> json() {
    return texts.isEmpty() ? tokens : texts;
  }
}
