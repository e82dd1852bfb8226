package io.membrane.fragment;

import static io.membrane.fragment.FragmentHttp.code;
import static io.membrane.fragment.FragmentHttp.detail;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.rpc.Frame;
import io.membrane.wire.FragmentClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a caller sends wrong ends in a 4xx problem that says what to do. */
class BadInputTest extends RunningService {

  private static final String KEY = "ab".repeat(32) + "/attn.0-3.0of1";

  private final FragmentKey key = FragmentKey.parse(KEY);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "Membrane-Namespace|-|is missing; write {",
        "Membrane-Parent|-|is missing; write root",
        "Membrane-Token-Span|-|is missing; write 0-256",
        "Membrane-Namespace|not json|write {",
        "Membrane-Namespace|null|write {",
        "Membrane-Namespace|[]|write {",
        "Membrane-Namespace|{}|write {",
        "Membrane-Namespace|{\"model\":\"m\",\"revision\":\"r\",\"kv_dtype\":\"f32\"}|block_tokens",
        "Membrane-Namespace|{\"model\":\"m\",\"revision\":\"r\",\"kv_dtype\":\"f32\",\"block_tokens\":-1}|block_tokens must be",
        "Membrane-Namespace|{\"model\":\"m\",\"revision\":\"r\",\"kv_dtype\":\"f32\",\"block_tokens\":\"16\"}|write {",
        "Membrane-Namespace|{\"model\":\"\",\"revision\":\"r\",\"kv_dtype\":\"f32\",\"block_tokens\":16}|model must not be blank",
        "Membrane-Namespace|{\"model\":1,\"model\":2}|write {",
        "Membrane-Namespace|{\"model\":\"m\"} x|write {",
        "Membrane-Parent|Root|write root",
        "Membrane-Parent|abc|64 lower-case hex digits",
        "Membrane-Token-Span|16|write 0-256",
        "Membrane-Token-Span|16-0|half-open",
        "Membrane-Token-Span|-1-16|write 0-256",
        "Membrane-Token-Span|0-99999999999|write 0-256",
        "Membrane-Signature|{}|write {",
        "Membrane-Signature|42|write {",
        "Membrane-Ttl|0|out of range",
        "Membrane-Ttl|-5|out of range",
        "Membrane-Ttl|1.5|number of seconds",
        "Membrane-Ttl|99999999999999999999|number of seconds",
        "Membrane-Ttl|999999999999|out of range",
        "Membrane-Pin|yes|true or false",
        "Repr-Digest|sha-256=abc|sha-256=:",
        "Repr-Digest|sha-256=:!!!:|sha-256=:",
        "Repr-Digest|sha-256=:AAAA:|sha-256=:",
        "Repr-Digest|md5=:AAAA:|sha-256=:",
        "Content-Range|bytes 0-1/2|stored whole",
        "Membrane-Deadline-Ms|soon|milliseconds",
        "Membrane-Tenant|a b|Membrane-Tenant",
      })
  void aBadHeaderSaysWhatToWrite(String name, String value, String hint) throws IOException {
    HttpResponse<byte[]> answer = put(name, value.equals("-") ? List.of() : List.of(value));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(code(answer)).isEqualTo("malformed_request");
    assertThat(detail(answer)).contains(hint);
    assertThat(bodies()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Membrane-Namespace", "Membrane-Parent", "Membrane-Ttl", "Repr-Digest"})
  void aHeaderGivenTwiceIsRefused(String name) throws IOException {
    HttpResponse<byte[]> answer = put(name, List.of("root", "root"));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(detail(answer)).contains(name, "2 times");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "0-17||longer than a block",
        "0-16|{\"namespace\":{\"model\":\"x\",\"revision\":\"r1\",\"kv_dtype\":\"f32\",\"block_tokens\":16},\"layout\":\"p\",\"layers\":1,\"kv_heads\":1,\"head_dim\":1,\"token_span\":[0,16],\"position_encoding\":\"rope\",\"rope_base\":1.0}|another namespace",
        "0-16|{\"layout\":\"p\",\"layers\":1,\"kv_heads\":1,\"head_dim\":1,\"token_span\":[0,16],\"position_encoding\":\"rope\",\"rope_base\":1.0}|another namespace",
        "0-16|{\"namespace\":{\"model\":\"tiny-llama\",\"revision\":\"r1\",\"kv_dtype\":\"f32\",\"block_tokens\":16},\"layout\":\"p\",\"layers\":1,\"kv_heads\":1,\"head_dim\":1,\"position_encoding\":\"rope\",\"rope_base\":1.0}|token span",
        "0-16|{\"namespace\":{\"model\":\"tiny-llama\",\"revision\":\"r1\",\"kv_dtype\":\"f32\",\"block_tokens\":16},\"layout\":\"layer,kv,token,head,dim\",\"layers\":1,\"kv_heads\":1,\"head_dim\":1,\"token_span\":[0,16],\"position_encoding\":\"rope\",\"rope_base\":1.0}|signature asks for 128",
      })
  void whatCannotBeTogetherIsImpossible(String span, String signature, String why)
      throws IOException {
    List<String> headers = new ArrayList<>(FragmentHttp.META);
    headers.set(5, span);
    if (signature != null) {
      headers.addAll(List.of("Membrane-Signature", signature));
    }
    HttpResponse<byte[]> answer = put(KEY, headers, bytes("0123"));
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(code(answer)).isEqualTo("impossible_request");
    assertThat(detail(answer)).contains(why);
    assertThat(bodies()).isEmpty();
  }

  @Test
  void nothingIsNoFragmentAndAPinHasNoEnd() throws IOException {
    assertThat(http.put(key, new byte[0]).statusCode()).isEqualTo(422);
    HttpResponse<byte[]> both =
        http.put(key, bytes("x"), "Membrane-Pin", "true", "Membrane-Ttl", "5");
    assertThat(both.statusCode()).isEqualTo(422);
    assertThat(detail(both)).contains("pin");
  }

  @ParameterizedTest
  @CsvSource({
    "abc/attn.0-3.0of1,64 lower-case hex digits",
    "ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB/attn.0-3.0of1,lower-case",
    "abababababababababababababababababababababababababababababababab/attn,attn.0-31.0of1",
    "abababababababababababababababababababababababababababababababab/attn.3-0.0of1,first <= last",
    "abababababababababababababababababababababababababababababababab/attn.0-3.1of1,0 to size",
    "abababababababababababababababababababababababababababababababab/attn.00-3.0of1,attn.0-31.0of1",
    "abababababababababababababababababababababababababababababababab/kv.0-3.0of1,attn.0-31.0of1",
    "abababababababababababababababababababababababababababababababab/attn.0-9999999.0of1,attn.0",
    "abababababababababababababababababababababababababababababababab/%20,attn.0-31.0of1",
  })
  void aBadKeySaysHowKeysAreWritten(String bad, String hint) throws IOException {
    String path = "/v1/fragments/" + bad;
    for (HttpRequest.Builder request :
        List.of(http.request(path).GET(), http.request(path).DELETE())) {
      HttpResponse<byte[]> answer = http.send(request);
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(detail(answer)).contains(hint);
    }
    assertThat(put(bad, FragmentHttp.META, bytes("x")).statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/fragments/../../etc/passwd",
        "/v1/fragments/..%2f..%2fetc%2fpasswd/attn.0-3.0of1",
        "/v1/fragments/%2e%2e/%2e%2e/actuator/env",
        "/v1/fragments/" + "a" + "/b/c",
        "/v1/fragments",
        "/v1/fragments/a%00b/attn.0-3.0of1",
        "/v1/fragments/a;b=c/attn.0-3.0of1",
        "/v1/fragments/a\\b/attn.0-3.0of1",
      })
  void aPathThatLeadsElsewhereLeadsNowhere(String path) throws IOException {
    String answer =
        raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assertThat(answer).matches("(?s)HTTP/1.1 4\\d\\d .*").contains("application/problem+json");
  }

  @Test
  void anotherMethodIsNotAllowed() throws IOException {
    HttpResponse<byte[]> answer =
        http.send(http.request("/v1/fragments/" + KEY).POST(BodyPublishers.ofString("x")));
    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(code(answer)).isEqualTo("method_not_allowed");
  }

  @Test
  void anOversizedHeaderIsRefused() throws IOException {
    HttpResponse<byte[]> answer = put("Membrane-Signature", List.of("x".repeat(20_000)));
    assertThat(answer.statusCode()).isBetween(400, 431);
    assertThat(FragmentHttp.header(answer, "Content-Type")).startsWith("application/problem+json");
  }

  @Test
  void aHeaderThatIsNotAsciiIsRefusedAndItsEscapedFormComesBack() throws IOException {
    String namespace =
        "{\"model\":\"%s\",\"revision\":\"r\",\"kv_dtype\":\"f32\",\"block_tokens\":16}";
    String answer =
        raw(
            """
            PUT /v1/fragments/%s HTTP/1.1\r
            Host: localhost\r
            Connection: close\r
            Membrane-Namespace: %s\r
            Membrane-Parent: root\r
            Membrane-Token-Span: 0-16\r
            Content-Length: 1\r
            \r
            x\
            """
                .formatted(KEY, namespace.formatted("modèle")));
    assertThat(answer).startsWith("HTTP/1.1 400").contains("not ASCII");

    String escaped = namespace.formatted("mod\\u00E8le");
    List<String> headers = new ArrayList<>(FragmentHttp.META);
    headers.set(1, escaped);
    assertThat(put(KEY, headers, bytes("x")).statusCode()).isEqualTo(201);
    assertThat(FragmentHttp.header(http.get(key), "Membrane-Namespace")).isEqualTo(escaped);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/fragments/exists", "/v1/fragments/batch-get"})
  void aBadListOfKeysIsRefused(String path) throws IOException {
    for (String json :
        List.of(
            "",
            "{",
            "[]",
            "null",
            "{}",
            "{\"keys\":null}",
            "{\"keys\":\"x\"}",
            "{\"keys\":[null]}",
            "{\"keys\":[1]}",
            "{\"keys\":[\"x\"]}",
            "{\"keys\":[],\"keys\":[]}",
            "{\"keys\":[\"" + KEY.toUpperCase(Locale.ROOT) + "\"]}",
            FragmentHttp.keys(Collections.nCopies(FragmentClient.MAX_KEYS + 1, key)))) {
      HttpResponse<byte[]> answer = http.postJson(path, json);
      assertThat(answer.statusCode()).as(json).isEqualTo(400);
      assertThat(code(answer)).isEqualTo("malformed_request");
      assertThat(detail(answer)).isNotBlank();
    }
  }

  @Test
  void anotherTypeOfBodyOrAnswerIsNotSupported() throws IOException {
    HttpResponse<byte[]> form =
        http.send(
            http.request("/v1/fragments/exists")
                .POST(BodyPublishers.ofString("keys=1"))
                .header("Content-Type", "application/x-www-form-urlencoded"));
    assertThat(form.statusCode()).isEqualTo(415);
    HttpResponse<byte[]> json = http.postJson("/v1/fragments/batch-put", "{}");
    assertThat(json.statusCode()).isEqualTo(415);
    HttpResponse<byte[]> html =
        http.send(
            http.request("/v1/fragments/batch-get")
                .POST(BodyPublishers.ofString("{\"keys\":[]}"))
                .headers("Content-Type", "application/json", "Accept", "text/html"));
    assertThat(html.statusCode()).isEqualTo(406);
  }

  @Test
  void bytesThatAreNoFramesAreRefused() throws IOException {
    byte[] empty = FragmentHttp.body(List.of());
    byte[] flipped = empty.clone();
    flipped[0] ^= 1;
    byte[] miscounted = empty.clone();
    miscounted[empty.length - 1] = 7;
    for (byte[] body : List.of(new byte[0], bytes("hello"), flipped, miscounted)) {
      HttpResponse<byte[]> answer = http.batchPut(body);
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(code(answer)).isEqualTo("malformed_request");
    }
  }

  @Test
  void moreFramesThanTheLimitAreRefused() throws IOException {
    Frame frame = new Frame(200, new Frame.Header(key, null, null, null, null), new byte[0]);
    HttpResponse<byte[]> answer =
        http.batchPut(FragmentHttp.body(Collections.nCopies(FragmentClient.MAX_KEYS + 1, frame)));
    assertThat(answer.statusCode()).isEqualTo(413);
  }

  private HttpResponse<byte[]> put(String name, List<String> values) throws IOException {
    List<String> headers = new ArrayList<>();
    for (int i = 0; i < FragmentHttp.META.size(); i += 2) {
      if (!FragmentHttp.META.get(i).equals(name)) {
        headers.addAll(FragmentHttp.META.subList(i, i + 2));
      }
    }
    values.forEach(value -> headers.addAll(List.of(name, value)));
    return put(KEY, headers, bytes("x"));
  }

  private HttpResponse<byte[]> put(String target, List<String> headers, byte[] body)
      throws IOException {
    return http.send(
        http.request("/v1/fragments/" + target)
            .PUT(BodyPublishers.ofByteArray(body))
            .headers(headers.toArray(String[]::new)));
  }

  /** What comes back for a request that an HTTP client would not send. */
  private String raw(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(bytes(request));
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
