package io.membrane.fragment;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.boot.ProblemWriter;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.ResumableUploads;
import io.membrane.fragment.store.UploadState;
import io.membrane.fragment.store.UploadWriter;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.enums.ParameterIn;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.node.ObjectNode;

/**
 * Fragments that come in parts: draft-ietf-httpbis-resumable-upload-12, without its interim
 * responses.
 */
@RestController
final class UploadEndpoint {

  private static final String PATH = "/v1/uploads";
  private static final String ONE = PATH + "/{id}";
  private static final String NO_STORE = "no-store";
  private static final String PROBLEM_TYPE = "https://iana.org/assignments/http-problem-types#";

  private final FragmentStore store;
  private final ResumableUploads resumable;
  private final Uploads uploads;
  private final PartReceiver parts;
  private final ProblemWriter problems;
  private final long maxBytes;

  UploadEndpoint(FragmentStore store, FragmentProperties properties, ProblemWriter problems) {
    this.store = store;
    this.resumable = store.uploads();
    this.maxBytes = properties.maxBytes().toBytes();
    this.uploads = new Uploads(store, maxBytes);
    this.parts = new PartReceiver(store);
    this.problems = problems;
  }

  @Operation(
      summary = "Begin an upload",
      description =
          "With the headers of a put and the first part of the bytes, or none yet. 201 with"
              + " Location; if the body is the whole (Upload-Complete: ?1), what a put answers")
  @Parameter(in = ParameterIn.HEADER, name = UploadHeaders.FRAGMENT, required = true)
  @Parameter(
      in = ParameterIn.HEADER,
      name = UploadHeaders.COMPLETE,
      required = true,
      example = UploadHeaders.FALSE)
  @Parameter(in = ParameterIn.HEADER, name = UploadHeaders.LENGTH, example = "1048576")
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
  @PostMapping(PATH)
  void begin(HttpServletRequest request, HttpServletResponse response) throws IOException {
    response.setHeader(UploadHeaders.COMPLETE, UploadHeaders.FALSE);
    response.setHeader(UploadHeaders.LIMIT, UploadHeaders.limit(maxBytes));
    boolean complete = UploadHeaders.complete(request);
    FragmentKey key = UploadHeaders.key(request);
    FragmentMeta meta = FragmentHeaders.meta(request);
    ContentDigest claimed = FragmentHeaders.digest(request);
    Long length = UploadHeaders.length(request, 0, complete);
    if (complete) {
      putWhole(key, meta, claimed, length, request, response);
      return;
    }
    requireFit(request.getContentLengthLong(), length);
    UploadWriter writer =
        resumable.begin(CallContext.tenantOfCall(), key, meta, claimed, length, maxBytes);
    response.setHeader(HttpHeaders.LOCATION, PATH + "/" + writer.id());
    receive(request, writer, response);
    response.setStatus(HttpStatus.CREATED.value());
  }

  private void requireFit(long bytes, @Nullable Long length) {
    if (bytes > maxBytes) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE, "a fragment has at most %d bytes".formatted(maxBytes));
    }
    if (length != null && bytes > length) {
      throw new MembraneException(
          ErrorCode.UPLOAD_LENGTH_MISMATCH,
          "the body alone has %d bytes, more than the Upload-Length".formatted(bytes));
    }
  }

  private void putWhole(
      FragmentKey key,
      FragmentMeta meta,
      @Nullable ContentDigest claimed,
      @Nullable Long length,
      HttpServletRequest request,
      HttpServletResponse response)
      throws IOException {
    try (Payload body = uploads.read(request)) {
      if (length != null && length != body.length()) {
        throw new MembraneException(
            ErrorCode.UPLOAD_LENGTH_MISMATCH,
            "the body has %d bytes, not the Upload-Length of %d".formatted(body.length(), length));
      }
      response.setHeader(UploadHeaders.COMPLETE, UploadHeaders.TRUE);
      answer(store.put(CallContext.tenantOfCall(), key, meta, claimed, body), response);
    }
  }

  @Operation(
      summary = "Ask how far an upload has come",
      description = "204 with Upload-Offset; ends the request that is writing it; 404")
  @RequestMapping(
      path = ONE,
      method = {RequestMethod.HEAD, RequestMethod.GET})
  void look(@PathVariable String id, HttpServletResponse response) {
    response.setHeader(HttpHeaders.CACHE_CONTROL, NO_STORE);
    UploadState state = found(id, resumable.look(CallContext.tenantOfCall(), id));
    UploadHeaders.write(state.progress(), maxBytes, response);
    response.setHeader(
        UploadHeaders.COMPLETE,
        state instanceof UploadState.Ended ? UploadHeaders.TRUE : UploadHeaders.FALSE);
    response.setStatus(HttpStatus.NO_CONTENT.value());
  }

  @Operation(
      summary = "Append to an upload",
      description =
          "204, or with Upload-Complete: ?1 what a put answers; 409 with Upload-Offset if the"
              + " upload is elsewhere; 404")
  @Parameter(in = ParameterIn.HEADER, name = UploadHeaders.OFFSET, required = true, example = "0")
  @Parameter(
      in = ParameterIn.HEADER,
      name = UploadHeaders.COMPLETE,
      required = true,
      example = UploadHeaders.TRUE)
  @Parameter(in = ParameterIn.HEADER, name = UploadHeaders.LENGTH, example = "1048576")
  @Parameter(in = ParameterIn.HEADER, name = FragmentHeaders.REPR_DIGEST)
  @PatchMapping(path = ONE, consumes = UploadHeaders.PART_TYPE)
  void append(@PathVariable String id, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.setHeader(UploadHeaders.COMPLETE, UploadHeaders.FALSE);
    boolean complete = UploadHeaders.complete(request);
    long offset = UploadHeaders.offset(request);
    ContentDigest claimed = FragmentHeaders.digest(request);
    Long length = UploadHeaders.length(request, offset, complete);
    UploadState state = found(id, resumable.resume(CallContext.tenantOfCall(), id, offset, length));
    UploadHeaders.write(state.progress(), maxBytes, response);
    switch (state) {
      case UploadState.Mismatch mismatch ->
          mismatch(mismatch.code(), mismatch.progress(), offset, response);
      case UploadState.Ended ended -> {
        if (complete) {
          response.setHeader(UploadHeaders.COMPLETE, UploadHeaders.TRUE);
          answer(ended.answer(), response);
        } else {
          mismatch(ErrorCode.UPLOAD_OFFSET_MISMATCH, ended.progress(), offset, response);
        }
      }
      case UploadState.Open open -> {
        UploadWriter writer = resumable.writer(id, open);
        receive(request, writer, response);
        if (complete) {
          complete(writer, claimed, response);
        } else {
          response.setStatus(HttpStatus.NO_CONTENT.value());
        }
      }
    }
  }

  @Operation(summary = "Cancel an upload", description = "204, whether it was there or not")
  @DeleteMapping(ONE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void cancel(@PathVariable String id) {
    resumable.cancel(CallContext.tenantOfCall(), id);
  }

  @Operation(summary = "Ask for the limits of uploads", description = "204 with Upload-Limit")
  @RequestMapping(path = PATH, method = RequestMethod.OPTIONS)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void limits(HttpServletResponse response) {
    response.setHeader(HttpHeaders.ALLOW, "POST, OPTIONS");
    response.setHeader(
        UploadHeaders.LIMIT,
        UploadHeaders.limit(maxBytes) + ", max-age=" + ResumableUploads.IDLE.toSeconds());
  }

  private void receive(
      HttpServletRequest request, UploadWriter writer, HttpServletResponse response)
      throws IOException {
    try {
      parts.receive(request, writer);
    } finally {
      UploadHeaders.write(writer.offset(), maxBytes, response);
    }
  }

  private static void complete(
      UploadWriter writer, @Nullable ContentDigest claimed, HttpServletResponse response) {
    try {
      answer(writer.complete(claimed), response);
    } finally {
      if (writer.hasEnded()) {
        response.setHeader(UploadHeaders.COMPLETE, UploadHeaders.TRUE);
      }
    }
  }

  private static void answer(FragmentStore.Stored stored, HttpServletResponse response) {
    FragmentHeaders.write(stored.digest(), stored.logPosition(), response);
    response.setStatus((stored.isNew() ? HttpStatus.CREATED : HttpStatus.OK).value());
  }

  /** A problem document of the draft's own type, which is ours besides. */
  private void mismatch(
      ErrorCode code, UploadState.Progress progress, long provided, HttpServletResponse response)
      throws IOException {
    boolean offset = code == ErrorCode.UPLOAD_OFFSET_MISMATCH;
    String detail =
        offset
            ? "the upload is at byte %d; go on from there".formatted(progress.offset())
            : "the upload's length was said to be another, or is out of range; say it as it is";
    ObjectNode problem = WireJson.mapper().valueToTree(problems.problem(code, detail));
    problem.put(
        "type",
        PROBLEM_TYPE + (offset ? "mismatching-upload-offset" : "inconsistent-upload-length"));
    if (offset) {
      problem.put("expected-offset", progress.offset());
      problem.put("provided-offset", provided);
    }
    response.setStatus(code.status());
    response.setContentType(Problem.MEDIA_TYPE);
    byte[] body = WireJson.mapper().writeValueAsBytes(problem);
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }

  private static UploadState found(String id, @Nullable UploadState state) {
    if (state == null) {
      throw new MembraneException(
          ErrorCode.NOT_FOUND,
          "no upload %.40s (any more); begin again with POST %s".formatted(id, PATH));
    }
    return state;
  }
}
