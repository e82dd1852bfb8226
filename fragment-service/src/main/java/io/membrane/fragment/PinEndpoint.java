package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.wire.FragmentClient;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Sets of fragments that are kept from eviction for a while. */
@RestController
final class PinEndpoint {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  private final FragmentStore store;

  PinEndpoint(FragmentStore store) {
    this.store = store;
  }

  /**
   * What to keep.
   *
   * @param ttlSeconds how long
   */
  record PinRequest(
      @NotNull @Size(max = FragmentClient.MAX_KEYS) List<@NotNull FragmentKey> keys,
      @NotNull @Min(1) @Max(Policy.MAX_TTL_SECONDS) Long ttlSeconds) {}

  /**
   * What is kept.
   *
   * @param pinned for each key asked for, in order: false if it is not there, or another tenant's
   * @param count how many are kept
   */
  record Pinned(List<Boolean> pinned, long count) {}

  @Operation(
      summary = "Keep fragments from eviction",
      description =
          "Until the pin ends; they still end with their own TTL. The same name again replaces the"
              + " set")
  @PutMapping("/v1/pins/{name}")
  Pinned pin(@PathVariable String name, @RequestBody @Valid PinRequest request) {
    List<Boolean> pinned =
        store.pin(
            CallContext.tenantOfCall(),
            checked(name),
            Duration.ofSeconds(request.ttlSeconds()),
            request.keys());
    return new Pinned(pinned, pinned.stream().filter(kept -> kept).count());
  }

  @Operation(summary = "End a pin", description = "204, whether there was one or not")
  @DeleteMapping("/v1/pins/{name}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void unpin(@PathVariable String name) {
    store.unpin(CallContext.tenantOfCall(), checked(name));
  }

  private static String checked(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "a pin's name is 1 to 128 letters, digits, '.', '_' and '-'");
    }
    return name;
  }
}
