package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.connector.DirectOutput;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.Description;
import io.membrane.fragment.store.Fragment;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.Name;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.enums.ParameterIn;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Clock;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RestController;

/** One fragment over HTTP. Bytes go between the socket and off-heap memory. */
@RestController
final class FragmentEndpoint {

  private static final String PATH = "/v1/fragments/{hash}/{slice}";

  private final FragmentStore store;
  private final SinglePut put;
  private final Clock clock;

  FragmentEndpoint(FragmentStore store, SinglePut put, Clock clock) {
    this.store = store;
    this.put = put;
    this.clock = clock;
  }

  @Operation(
      summary = "Store a fragment",
      description =
          "201 stored, 200 equal bytes were there, 202 held in memory until Redis has it (only if"
              + " preferred and configured), 409 other bytes are there")
  @Parameter(
      in = ParameterIn.HEADER,
      name = FragmentHeaders.NAMESPACE,
      required = true,
      example = FragmentHeaders.NAMESPACE_FORM)
  @Parameter(
      in = ParameterIn.HEADER,
      name = FragmentHeaders.PARENT,
      required = true,
      example = "root")
  @Parameter(
      in = ParameterIn.HEADER,
      name = FragmentHeaders.TOKEN_SPAN,
      required = true,
      example = "0-256")
  @Parameter(in = ParameterIn.HEADER, name = FragmentHeaders.SIGNATURE)
  @Parameter(in = ParameterIn.HEADER, name = FragmentHeaders.TTL, example = "3600")
  @Parameter(in = ParameterIn.HEADER, name = FragmentHeaders.PIN, example = "true")
  @Parameter(in = ParameterIn.HEADER, name = FragmentHeaders.REPR_DIGEST)
  @Parameter(in = ParameterIn.HEADER, name = SinglePut.PREFER, example = SinglePut.RESPOND_ASYNC)
  @Parameter(in = ParameterIn.HEADER, name = FragmentHeaders.UNENCODED_DIGEST)
  @Parameter(in = ParameterIn.HEADER, name = HttpHeaders.CONTENT_ENCODING, example = "zstd")
  @PutMapping(PATH)
  void put(
      @PathVariable String hash,
      @PathVariable String slice,
      HttpServletRequest request,
      HttpServletResponse response)
      throws IOException {
    DirectPutFilter.rethrow(request);
    put.answer(key(hash, slice), request, response);
  }

  @Operation(
      summary = "Fetch a fragment, or what is known of it",
      description =
          "200, 206 with one Range, 304 with If-None-Match, 404, 406, 416; as zstd with"
              + " Accept-Encoding: zstd where it is stored so")
  @RequestMapping(
      path = PATH,
      method = {RequestMethod.GET, RequestMethod.HEAD})
  void get(
      @PathVariable String hash,
      @PathVariable String slice,
      HttpServletRequest request,
      HttpServletResponse response)
      throws IOException {
    FragmentKey key = key(hash, slice);
    Name name = store.name(CallContext.tenantOfCall(), key);
    if (HttpMethod.HEAD.matches(request.getMethod())
        || request.getHeader(HttpHeaders.IF_NONE_MATCH) != null) {
      Description known = found(key, store.describe(name));
      if (isKnownToCaller(request, known, response)) {
        response.setStatus(HttpStatus.NOT_MODIFIED.value());
        return;
      }
      if (HttpMethod.HEAD.matches(request.getMethod())) {
        describe(known, request, response);
        return;
      }
    }
    AcceptedCodings codings = AcceptedCodings.of(request);
    boolean whole = !codings.takesPlain() || request.getHeader(HttpHeaders.RANGE) == null;
    try (Fragment fragment = found(key, get(name, codings.prefersZstd() && whole))) {
      if (fragment.zstd() == null) {
        requirePlain(codings);
        send(fragment, request, response);
      } else {
        sendZstd(fragment.description(), fragment.zstd(), request, response);
      }
    }
  }

  private @Nullable Fragment get(Name name, boolean asZstd) {
    return asZstd ? store.getWithForms(List.of(name)).getFirst() : store.get(name);
  }

  private void describe(
      Description known, HttpServletRequest request, HttpServletResponse response) {
    AcceptedCodings codings = AcceptedCodings.of(request);
    if (codings.prefersZstd() && known.zstdBytes() != null) {
      writeZstdHeaders(known, response);
      response.setContentLengthLong(known.zstdBytes());
    } else {
      requirePlain(codings);
      writeHeaders(known, response);
      response.setContentLengthLong(known.bytes());
    }
  }

  private static void requirePlain(AcceptedCodings codings) {
    if (!codings.takesPlain()) {
      throw new MembraneException(
          ErrorCode.NOT_ACCEPTABLE,
          "the fragment is not stored as zstd; accept identity, or leave Accept-Encoding out");
    }
  }

  private void sendZstd(
      Description description,
      Payload zstd,
      HttpServletRequest request,
      HttpServletResponse response)
      throws IOException {
    writeZstdHeaders(description, response);
    response.setContentLengthLong(zstd.length());
    zstd.forEach(0, zstd.length(), DirectOutput.of(request)::write);
  }

  private void writeZstdHeaders(Description known, HttpServletResponse response) {
    FragmentHeaders.writeZstd(known, clock.millis(), response);
    response.setHeader(HttpHeaders.CONTENT_ENCODING, AcceptedCodings.ZSTD);
    response.setContentType(MediaType.APPLICATION_OCTET_STREAM_VALUE);
  }

  @Operation(summary = "Remove a fragment", description = "204, whether it was there or not")
  @DeleteMapping(PATH)
  void delete(@PathVariable String hash, @PathVariable String slice, HttpServletResponse response) {
    String position = store.delete(CallContext.tenantOfCall(), key(hash, slice));
    response.setHeader(FragmentHeaders.LOG_POSITION, position);
    response.setStatus(HttpStatus.NO_CONTENT.value());
  }

  private void send(Fragment fragment, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Description description = fragment.description();
    ByteRange range = range(request, description, response);
    writeHeaders(description, response);
    long from = 0;
    long length = description.bytes();
    if (range != null) {
      response.setStatus(HttpStatus.PARTIAL_CONTENT.value());
      response.setHeader(HttpHeaders.CONTENT_RANGE, range.of(length));
      from = range.from();
      length = range.length();
    }
    response.setContentLengthLong(length);
    fragment.body().forEach(from, length, DirectOutput.of(request)::write);
  }

  private static @Nullable ByteRange range(
      HttpServletRequest request, Description description, HttpServletResponse response) {
    String ifRange = request.getHeader(HttpHeaders.IF_RANGE);
    if (ifRange != null && !ifRange.equals(description.digest().toEtag())) {
      return null;
    }
    try {
      return ByteRange.parse(request.getHeader(HttpHeaders.RANGE), description.bytes());
    } catch (MembraneException e) {
      if (e.code() == ErrorCode.RANGE_NOT_SATISFIABLE) {
        response.setHeader(HttpHeaders.CONTENT_RANGE, "bytes */" + description.bytes());
      }
      throw e;
    }
  }

  private void writeHeaders(Description known, HttpServletResponse response) {
    FragmentHeaders.write(known, clock.millis(), response);
    response.setHeader(HttpHeaders.ACCEPT_RANGES, "bytes");
    response.setContentType(MediaType.APPLICATION_OCTET_STREAM_VALUE);
  }

  /**
   * {@code If-None-Match} with this digest, weak or strong, or with {@code *}; the headers are then
   * those of the form that the caller has, whatever form it would get now.
   */
  private boolean isKnownToCaller(
      HttpServletRequest request, Description known, HttpServletResponse response) {
    List<String> tags =
        Collections.list(request.getHeaders(HttpHeaders.IF_NONE_MATCH)).stream()
            .flatMap(header -> Arrays.stream(header.split(",", -1)))
            .map(tag -> tag.strip().replaceFirst("^W/", ""))
            .toList();
    if (tags.contains("*") || tags.contains(known.digest().toEtag())) {
      FragmentHeaders.write(known, clock.millis(), response);
      return true;
    }
    if (tags.contains(FragmentHeaders.zstdEtag(known.digest()))) {
      FragmentHeaders.writeZstd(known, clock.millis(), response);
      return true;
    }
    return false;
  }

  private static <T> T found(FragmentKey key, @Nullable T fragment) {
    if (fragment == null) {
      throw new MembraneException(
          ErrorCode.FRAGMENT_NOT_FOUND, "no fragment " + key + "; compute it and PUT it here");
    }
    return fragment;
  }

  private static FragmentKey key(String hash, String slice) {
    try {
      return FragmentKey.parse(hash + "/" + slice);
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.MALFORMED_REQUEST, String.valueOf(e.getMessage()), e);
    }
  }
}
