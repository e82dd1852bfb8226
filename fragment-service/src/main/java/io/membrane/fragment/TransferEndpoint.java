package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.transfer.TransferOrder;
import io.membrane.fragment.transfer.TransferState;
import io.membrane.fragment.transfer.Transfers;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Transfers from other regions, of the caller's tenant. */
@RestController
final class TransferEndpoint {

  private static final String PATH = "/v1/transfers";

  private final Transfers transfers;

  TransferEndpoint(Transfers transfers) {
    this.transfers = transfers;
  }

  /**
   * What is asked for.
   *
   * @param from one of the peers that are configured
   * @param maxBytesPerSecond for this transfer alone
   * @param keys null: everything that is missing here
   */
  record TransferRequest(
      @NotNull URI from,
      @Nullable Long maxBytesPerSecond,
      @Nullable @Size(max = FragmentClient.MAX_KEYS) List<FragmentKey> keys) {

    TransferRequest {
      if (keys != null && keys.stream().anyMatch(key -> key == null)) {
        throw new IllegalArgumentException("keys: null is no key");
      }
    }
  }

  /** Those that run and the last that ended, oldest first. */
  record TransferList(List<TransferState> transfers) {}

  @Operation(
      summary = "Pull what is missing here from a peer",
      description = "202 at once; ask for its progress under its id")
  @PostMapping(PATH)
  ResponseEntity<TransferState> begin(@RequestBody @Valid TransferRequest request) {
    TransferState begun = transfers.begin(CallContext.tenantOfCall(), order(request));
    return ResponseEntity.accepted().location(URI.create(PATH + "/" + begun.id())).body(begun);
  }

  private static TransferOrder order(TransferRequest request) {
    try {
      return new TransferOrder(request.from(), request.maxBytesPerSecond(), request.keys());
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, String.valueOf(e.getMessage()), e);
    }
  }

  @Operation(summary = "How a transfer stands")
  @GetMapping(PATH + "/{id}")
  TransferState find(@PathVariable String id) {
    TransferState state = transfers.find(CallContext.tenantOfCall(), id);
    if (state == null) {
      throw unknown(id);
    }
    return state;
  }

  @Operation(summary = "The transfers that run, and the last that ended")
  @GetMapping(PATH)
  TransferList list() {
    return new TransferList(transfers.list(CallContext.tenantOfCall()));
  }

  @Operation(summary = "End a transfer", description = "What it has stored stays")
  @DeleteMapping(PATH + "/{id}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void cancel(@PathVariable String id) {
    if (!transfers.cancel(CallContext.tenantOfCall(), id)) {
      throw unknown(id);
    }
  }

  private static MembraneException unknown(String id) {
    return new MembraneException(
        ErrorCode.NOT_FOUND,
        "no transfer " + id + " here; after a restart post it again: what has come stays");
  }
}
