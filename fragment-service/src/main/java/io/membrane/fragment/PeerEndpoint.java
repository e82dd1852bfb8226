package io.membrane.fragment;

import io.membrane.fragment.peers.HintClient;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.Name;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.swagger.v3.oas.annotations.Hidden;
import jakarta.validation.Valid;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/**
 * What other nodes tell this one. It answers when it has fetched what it was told to have, and says
 * nothing of what there is.
 */
@Hidden
@RestController
final class PeerEndpoint {

  /** Calls that are carried out at a time, each one fragment at a time. */
  private static final int MOST = 4;

  private final Semaphore free = new Semaphore(MOST);
  private final FragmentStore store;

  PeerEndpoint(FragmentStore store) {
    this.store = store;
  }

  @PostMapping(HintClient.PATH)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void hints(@Valid @RequestBody HintClient.Hints hints) {
    List<Name> names = hints.names().stream().map(PeerEndpoint::name).toList();
    if (!free.tryAcquire()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "enough is being fetched ahead; try again later");
    }
    try {
      store.keep(names);
    } finally {
      free.release();
    }
  }

  private static Name name(String text) {
    try {
      Name name = Name.parse(text);
      if (name.fragment() != null) {
        return name;
      }
    } catch (IllegalArgumentException e) {
      throw malformed(e);
    }
    throw malformed(null);
  }

  private static MembraneException malformed(@Nullable IllegalArgumentException e) {
    return new MembraneException(
        ErrorCode.MALFORMED_REQUEST, "a name is <domain>/<hash>/<slice> of a fragment", e);
  }
}
