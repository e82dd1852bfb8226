package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BadInputTest extends WorkerHttpTest {

  private static final String HASH = "0123456789abcdef".repeat(4);

  @AfterEach
  void nothingWasStored() {
    assertThat(PEERS.fragments()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          /v1/prefill  | {                                  | 400 | malformed_request  | not JSON
          /v1/prefill  | []                                 | 400 | malformed_request  | body
          /v1/prefill  | null                               | 400 | malformed_request  | body
          /v1/prefill  | "text"                             | 400 | malformed_request  | body
          /v1/prefill  | {}                                 | 400 | malformed_request  | give exactly one
          /v1/prefill  | {"text":"a","tokens":[1]}          | 400 | malformed_request  | give exactly one
          /v1/prefill  | {"tokens":[1],"tokens":[2]}        | 400 | malformed_request  | uplicate
          /v1/prefill  | {"tokens":[1]} {"tokens":[1]}      | 400 | malformed_request  | railing
          /v1/prefill  | {"tokens":"1,2"}                   | 400 | malformed_request  | tokens
          /v1/prefill  | {"tokens":["a"]}                   | 400 | malformed_request  | tokens
          /v1/prefill  | {"tokens":[1.5]}                   | 400 | malformed_request  | tokens
          /v1/prefill  | {"tokens":[null]}                  | 400 | malformed_request  | tokens
          /v1/prefill  | {"tokens":[-1]}                    | 400 | malformed_request  | a token id is 0 to 4294967295
          /v1/prefill  | {"tokens":[4294967296]}            | 400 | malformed_request  | a token id is 0 to 4294967295
          /v1/prefill  | {"tokens":[99999999999999999999]}  | 400 | malformed_request  | tokens
          /v1/prefill  | {"tokens":[1536]}                  | 422 | impossible_request | token 0 is 1536, the model's vocabulary has 1536
          /v1/prefill  | {"tokens":[1,4294967295]}          | 422 | impossible_request | token 1 is 4294967295
          /v1/prefill  | {"tokens":[]}                      | 422 | impossible_request | at least one token
          /v1/prefill  | {"text":7}                         | 400 | malformed_request  | text
          /v1/prefill  | {"tokens":[1],"model":"gpt"}       | 404 | not_found          | only 'tiny-llama'
          /v1/prefill  | {"tokens":[1],"model":7}           | 400 | malformed_request  | model
          /v1/prefill  | {"tokens":[1],"store":"yes"}       | 400 | malformed_request  | store
          /v1/prefill  | {"tokens":[1],"store":1}           | 400 | malformed_request  | store
          /v1/prefill  | {"tokens":[1],"next_token":[]}     | 400 | malformed_request  | next_token
          /v1/prefill  | {"tokens":[1],"prefix":[]}         | 400 | malformed_request  | prefix
          /v1/prefill  | {"tokens":[1],"prefix":{}}         | 400 | malformed_request  | prefix.block_hashes must not be null
          /v1/prefill  | {"tokens":[1],"prefix":{"block_hashes":[null]}} | 400 | malformed_request | prefix.block_hashes
          /v1/prefill  | {"tokens":[1],"prefix":{"block_hashes":["ab"]}} | 400 | malformed_request | 64 lower-case hex digits
          /v1/prefill  | {"tokens":[1],"prefix":{"block_hashes":["HASH"]}} | 422 | prefix_mismatch | prefix.block_hashes[0] is not block 0 of this prompt, which has 0 full blocks of 16 tokens
          /v1/prefill  | {"tokens":[1],"embeddings":1}      | 400 | malformed_request  | embeddings
          /v1/embeddings | {                                | 400 | malformed_request  | not JSON
          /v1/embeddings | {}                               | 400 | malformed_request  | input must not be null
          /v1/embeddings | {"input":[]}                     | 400 | malformed_request  | input is a text
          /v1/embeddings | {"input":7}                      | 400 | malformed_request  | input is a text, a list of texts
          /v1/embeddings | {"input":{"tokens":[1]}}         | 400 | malformed_request  | input is a text
          /v1/embeddings | {"input":[null]}                 | 400 | malformed_request  | input is a text
          /v1/embeddings | {"input":[[1],null]}             | 400 | malformed_request  | input is a text
          /v1/embeddings | {"input":[[1],2]}                | 400 | malformed_request  | input is a text
          /v1/embeddings | {"input":["a",1]}                | 400 | malformed_request  | input is a text
          /v1/embeddings | {"input":[1,"a"]}                | 400 | malformed_request  | input is a text
          /v1/embeddings | {"input":[[1.5]]}                | 400 | malformed_request  | input is a text
          /v1/embeddings | {"input":[[-1]]}                 | 400 | malformed_request  | a token id is 0 to 4294967295
          /v1/embeddings | {"input":[[99999999999999999999]]} | 400 | malformed_request | input is a text
          /v1/embeddings | {"input":[[1],[]]}               | 422 | impossible_request | input[1]: a prompt has at least one token
          /v1/embeddings | {"input":[[1],[2,1536]]}         | 422 | impossible_request | input[1]: token 1 is 1536, the model's vocabulary has 1536
          /v1/embeddings | {"input":[[1]],"model":"gpt"}    | 404 | not_found          | only 'tiny-llama'
          /v1/embeddings | {"input":[[1]],"dimensions":64}  | 422 | impossible_request | have 128 dimensions, not 64
          /v1/tokenize | {                                  | 400 | malformed_request  | not JSON
          /v1/tokenize | {}                                 | 400 | malformed_request  | text must not be null
          /v1/tokenize | {"text":7}                         | 400 | malformed_request  | text
          /v1/tokenize | {"text":["a"]}                     | 400 | malformed_request  | text
          /v1/tokenize | {"text":"a","model":"gpt"}         | 404 | not_found          | only 'tiny-llama'
          /v1/tokenize | {"text":"a","add_special_tokens":"no"} | 400 | malformed_request | add_special_tokens
          /v1/nothing  | {}                                 | 404 | not_found          | v1/nothing
          """)
  void aBadRequestIsAProblemThatSaysWhatToDo(
      String path, String body, int status, String code, String detail) {
    Answer answer = post(path, body.replace("HASH", HASH));
    assertThat(answer.http().headers().firstValue("Content-Type"))
        .hasValue("application/problem+json");
    assertThat(answer.json().path("detail").asString()).contains(detail);
    assertThat(answer.code()).isEqualTo(code);
    assertThat(answer.status()).isEqualTo(status);
  }

  @Test
  void aPromptBeyondTheLimitIsRefused() {
    String tokens =
        IntStream.range(0, 2001).mapToObj(i -> "1").collect(Collectors.joining(",", "[", "]"));
    Answer answer = post("/v1/prefill", "{\"tokens\":" + tokens + "}");
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.json().path("detail").asString())
        .isEqualTo(
            "the prompt has 2001 tokens, this worker takes 2000 (membrane.worker.max-tokens)");
  }

  @Test
  void moreChunksOrTokensThanARequestTakesAreRefused() {
    Answer chunks = post("/v1/embeddings", input(1001, "[1]"));
    assertThat(chunks.status()).isEqualTo(400);
    assertThat(chunks.json().path("detail").asString()).contains("1001 elements");
    Answer tokens = post("/v1/embeddings", input(667, "[1,2,3]"));
    assertThat(tokens.status()).isEqualTo(422);
    assertThat(tokens.json().path("detail").asString())
        .contains("2001 tokens in all", "membrane.worker.max-tokens");
  }

  private static String input(int count, String chunk) {
    return IntStream.range(0, count)
        .mapToObj(i -> chunk)
        .collect(Collectors.joining(",", "{\"input\":[", "]}"));
  }

  @Test
  void aBodyPastTheLimitIsRefused() {
    Answer answer = post("/v1/embeddings", "{\"input\":\"" + "a".repeat(17 << 20) + "\"}");
    assertThat(answer.status()).isEqualTo(413);
  }

  @Test
  void hashesOfOtherTokensAreNoPrefix() {
    String tokens =
        IntStream.range(0, 32).mapToObj(String::valueOf).collect(Collectors.joining(","));
    Answer answer =
        post(
            "/v1/prefill",
            "{\"tokens\":[%s],\"prefix\":{\"block_hashes\":[\"%s\"]}}".formatted(tokens, HASH));
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.code()).isEqualTo("prefix_mismatch");
    assertThat(answer.json().path("detail").asString()).contains("which has 2 full blocks");
  }

  @Test
  void anOverlongTextIsRefused() {
    Answer answer = post("/v1/tokenize", "{\"text\":\"" + "a".repeat(4 * 1024 * 1024 + 1) + "\"}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().path("detail").asString()).startsWith("text size must be between");
  }

  @Test
  void anotherContentTypeIsRefused() {
    Answer answer = post("/v1/prefill", "tokens=1", "Content-Type", "text/plain");
    assertThat(answer.status()).isEqualTo(415);
    assertThat(answer.code()).isEqualTo("unsupported_media_type");
  }

  @Test
  void anotherMethodIsRefused() {
    Answer answer = get("/v1/prefill");
    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.code()).isEqualTo("method_not_allowed");
  }

  @ParameterizedTest
  @CsvSource({"-5", "0", "soon"})
  void anUnreadableDeadlineIsRefused(String deadline) {
    Answer answer = post("/v1/prefill", "{\"tokens\":[1]}", "Membrane-Deadline-Ms", deadline);
    assertThat(answer.status()).isEqualTo(400);
  }
}
