package io.membrane.fragment;

import io.membrane.boot.ProblemWriter;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.Name;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameWriter;
import io.membrane.wire.FragmentClient.Existence;
import io.membrane.wire.FragmentClient.Keys;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.Valid;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Many fragments in one call. */
@RestController
final class BatchEndpoint {

  private final FragmentStore store;
  private final BatchGet batchGet;
  private final BatchPut batchPut;
  private final Prefetch prefetch;

  BatchEndpoint(
      FragmentStore store, ProblemWriter problems, FragmentProperties properties, Clock clock) {
    this.store = store;
    this.batchGet = new BatchGet(store, problems, clock);
    this.batchPut = new BatchPut(store, problems, properties.maxBytes().toBytes());
    this.prefetch = new Prefetch(store);
  }

  @Operation(summary = "Which fragments are there")
  @PostMapping("/v1/fragments/exists")
  Existence exists(@RequestBody @Valid Keys keys) {
    List<Boolean> present = store.exists(names(keys));
    int hole = present.indexOf(false);
    return new Existence(present, hole < 0 ? present.size() : hole);
  }

  @Operation(summary = "Fetch fragments", description = "A frame per key, in order")
  @PostMapping(path = "/v1/fragments/batch-get", produces = Frame.MEDIA_TYPE)
  void batchGet(
      @RequestBody @Valid Keys keys, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    batchGet.stream(keys.keys(), names(keys), request, response);
  }

  @Operation(
      summary = "Bring fragments into memory",
      description = "202 at once; they are fetched in the background, as far as there is room")
  @PostMapping("/v1/fragments/prefetch")
  @ResponseStatus(HttpStatus.ACCEPTED)
  void prefetch(@RequestBody @Valid Keys keys) {
    prefetch.begin(names(keys));
  }

  private List<Name> names(Keys keys) {
    return store.names(CallContext.tenantOfCall(), keys.keys());
  }

  @Operation(summary = "Store fragments", description = "A frame per fragment, in order")
  @PostMapping(
      path = "/v1/fragments/batch-put",
      consumes = Frame.MEDIA_TYPE,
      produces = Frame.MEDIA_TYPE)
  void batchPut(HttpServletRequest request, HttpServletResponse response) throws IOException {
    List<Frame> answers = batchPut.store(request.getInputStream());
    response.setContentType(Frame.MEDIA_TYPE);
    FrameWriter out = new FrameWriter(response.getOutputStream());
    for (Frame answer : answers) {
      out.write(answer);
    }
    out.end();
  }
}
