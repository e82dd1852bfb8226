package io.membrane.fragment;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.Namespace;
import io.membrane.block.Signature;
import io.membrane.block.TokenSpan;
import io.membrane.fragment.hot.Header;
import io.membrane.fragment.hot.Headers;
import io.membrane.fragment.store.Description;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.FragmentMeta;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.ObjectWriter;

/**
 * A fragment's metadata as HTTP headers. JSON in a header is ASCII: other characters are written as
 * {@code \}{@code uXXXX}.
 */
final class FragmentHeaders {

  static final String NAMESPACE = "Membrane-Namespace";
  static final String PARENT = "Membrane-Parent";
  static final String TOKEN_SPAN = "Membrane-Token-Span";
  static final String SIGNATURE = "Membrane-Signature";
  static final String TTL = "Membrane-Ttl";
  static final String PIN = "Membrane-Pin";
  static final String REPR_DIGEST = "Repr-Digest";
  static final String UNENCODED_DIGEST = "Unencoded-Digest";
  static final String LOG_POSITION = "Membrane-Log-Position";

  static final String NAMESPACE_FORM =
      "{\"model\":\"m\",\"revision\":\"r\",\"kv_dtype\":\"bf16\",\"block_tokens\":256}";

  private static final String SIGNATURE_FORM =
      "{\"namespace\":{…},\"layout\":\""
          + Signature.LAYOUT
          + "\",\"layers\":2,\"kv_heads\":2,\"head_dim\":16,\"token_span\":[0,256],"
          + "\"position_encoding\":\"rope\",\"rope_base\":10000.0}";

  private static final String ROOT = "root";
  private static final long MAX_TTL_SECONDS = 3650L * 24 * 60 * 60;
  private static final ObjectWriter ASCII_JSON =
      WireJson.mapper().writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);

  /** A fleet writes a few namespaces, each very often. */
  private static final Cache<String, Namespace> NAMESPACES =
      Caffeine.newBuilder().maximumSize(256).build();

  private FragmentHeaders() {}

  /**
   * Reads the metadata of a put.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} that says what to write
   */
  static FragmentMeta meta(HttpServletRequest request) {
    return new FragmentMeta(
        required(request, NAMESPACE, NAMESPACE_FORM, FragmentHeaders::namespace),
        parent(required(request, PARENT, "root or 64 lower-case hex digits", Function.identity())),
        required(request, TOKEN_SPAN, "0-256", TokenSpan::parse),
        optional(request, SIGNATURE, SIGNATURE_FORM, v -> json(v, Signature.class)),
        optional(request, TTL, "a number of seconds, 1 to " + MAX_TTL_SECONDS, v -> ttl(v)),
        Boolean.TRUE.equals(optional(request, PIN, "true or false", v -> pin(v))));
  }

  /** The digest that the caller has computed, or null. */
  static @Nullable ContentDigest digest(HttpServletRequest request) {
    return optional(
        request, REPR_DIGEST, "sha-256=:<base64>:", v -> ContentDigest.parseReprDigest(v));
  }

  /** The digest of the bytes without a coding that the caller has computed, or null. */
  static @Nullable ContentDigest unencodedDigest(HttpServletRequest request) {
    return optional(
        request, UNENCODED_DIGEST, "sha-256=:<base64>:", v -> ContentDigest.parseReprDigest(v));
  }

  /** Writes everything that is known of a fragment but its length. */
  static void write(Description fragment, long nowMs, HttpServletResponse response) {
    write(fragment, false, nowMs, response);
  }

  /** The same of its form as zstd. */
  static void writeZstd(Description fragment, long nowMs, HttpServletResponse response) {
    write(fragment, true, nowMs, response);
  }

  /** The strong {@code ETag} of a fragment as zstd. */
  static String zstdEtag(ContentDigest digest) {
    return '"' + digest.hex() + "-zstd\"";
  }

  private static void write(
      Description fragment, boolean isZstd, long nowMs, HttpServletResponse response) {
    forEach(fragment, isZstd, response::setHeader);
    Long left = fragment.secondsLeft(nowMs);
    if (left != null) {
      response.setHeader(TTL, left.toString());
    }
  }

  /** The same, ready to be sent, but for what is left of its life. */
  static Headers withoutLife(Description fragment) {
    List<Header> headers = new ArrayList<>();
    forEach(fragment, false, (name, value) -> headers.add(Header.of(name, value)));
    return Headers.of(headers);
  }

  private static void forEach(
      Description fragment, boolean isZstd, BiConsumer<String, String> header) {
    FragmentMeta meta = meta(fragment, 0);
    BlockHash parent = meta.parent();
    forEach(fragment.digest(), isZstd, fragment.logPosition(), header);
    header.accept(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
    header.accept(NAMESPACE, ASCII_JSON.writeValueAsString(meta.namespace()));
    header.accept(PARENT, parent == null ? ROOT : parent.hex());
    header.accept(TOKEN_SPAN, meta.tokenSpan().toString());
    if (meta.signature() != null) {
      header.accept(SIGNATURE, ASCII_JSON.writeValueAsString(meta.signature()));
    }
    if (meta.pin()) {
      header.accept(PIN, "true");
    }
  }

  /** A fragment's metadata with what is left of its life. */
  static FragmentMeta meta(Description fragment, long nowMs) {
    FragmentMeta meta = Objects.requireNonNull(fragment.meta(), "a fragment has metadata");
    Long left = fragment.secondsLeft(nowMs);
    return new FragmentMeta(
        meta.namespace(), meta.parent(), meta.tokenSpan(), meta.signature(), left, left == null);
  }

  /** Writes which bytes these are and where the log tells of them. */
  static void write(
      ContentDigest digest, @Nullable String logPosition, HttpServletResponse response) {
    forEach(digest, false, logPosition, response::setHeader);
  }

  /**
   * The same where the body was stored without its coding: no {@code ETag}, as RFC 9110, section
   * 9.3.4, has it.
   */
  static void writeTransformed(
      ContentDigest digest, @Nullable String logPosition, HttpServletResponse response) {
    write(digest, logPosition, response);
    response.setHeader(HttpHeaders.ETAG, null);
    response.setHeader(REPR_DIGEST, null);
    response.setHeader(UNENCODED_DIGEST, digest.toReprDigest());
  }

  /** {@code Repr-Digest} covers a coding (RFC 9530, section 3), so that it is another's there. */
  private static void forEach(
      ContentDigest digest,
      boolean isZstd,
      @Nullable String logPosition,
      BiConsumer<String, String> header) {
    header.accept(HttpHeaders.ETAG, isZstd ? zstdEtag(digest) : digest.toEtag());
    header.accept(isZstd ? UNENCODED_DIGEST : REPR_DIGEST, digest.toReprDigest());
    if (logPosition != null) {
      header.accept(LOG_POSITION, logPosition);
    }
  }

  private static @Nullable BlockHash parent(String value) {
    if (value.equals(ROOT)) {
      return null;
    }
    return parsed(PARENT, value, "root or 64 lower-case hex digits", BlockHash::parse);
  }

  private static <T> T required(
      HttpServletRequest request, String name, String form, Function<String, T> parser) {
    String value = one(request, name);
    if (value == null) {
      throw malformed("the header " + name + " is missing; write " + form, null);
    }
    return parsed(name, value, form, parser);
  }

  private static <T> @Nullable T optional(
      HttpServletRequest request, String name, String form, Function<String, T> parser) {
    String value = one(request, name);
    return value == null ? null : parsed(name, value, form, parser);
  }

  private static @Nullable String one(HttpServletRequest request, String name) {
    List<String> values = Collections.list(request.getHeaders(name));
    if (values.size() > 1) {
      throw malformed("the header " + name + " is given " + values.size() + " times; once", null);
    }
    return values.isEmpty() ? null : values.getFirst();
  }

  private static boolean isAscii(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) < ' ' || value.charAt(i) > '~') {
        return false;
      }
    }
    return true;
  }

  private static <T> T parsed(String name, String value, String form, Function<String, T> parser) {
    if (!isAscii(value)) {
      throw malformed("the header " + name + " is not ASCII; write \\uXXXX in its JSON", null);
    }
    try {
      return parser.apply(value);
    } catch (IllegalArgumentException e) {
      throw malformed(name + ": " + e.getMessage() + "; write " + form, e);
    }
  }

  private static Namespace namespace(String value) {
    return NAMESPACES.get(value, json -> json(json, Namespace.class));
  }

  private static <T> T json(String value, Class<T> type) {
    try {
      T parsed = WireJson.mapper().readValue(value, type);
      if (parsed == null) {
        throw new IllegalArgumentException("null is no value");
      }
      return parsed;
    } catch (JacksonException e) {
      Throwable reason = e.getCause() instanceof IllegalArgumentException said ? said : e;
      throw new IllegalArgumentException(
          String.valueOf(reason.getMessage()).lines().findFirst().orElse("unreadable"), e);
    }
  }

  private static Long ttl(String value) {
    long seconds = Long.parseLong(value);
    if (seconds < 1 || seconds > MAX_TTL_SECONDS) {
      throw new IllegalArgumentException(value + " is out of range");
    }
    return seconds;
  }

  private static Boolean pin(String value) {
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("neither true nor false");
    };
  }

  private static MembraneException malformed(String detail, @Nullable Throwable cause) {
    return new MembraneException(ErrorCode.MALFORMED_REQUEST, detail, cause);
  }
}
