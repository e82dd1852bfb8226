package io.membrane.fragment;

import io.membrane.fragment.peers.PeerReads;
import io.membrane.fragment.store.Origin;
import jakarta.servlet.http.HttpServletRequest;

/** The mark of a call that another node makes for a caller of its. */
final class PeerHeader {

  private PeerHeader() {}

  /** Who asks; the mark says no more than that no other node is to be asked. */
  static Origin origin(HttpServletRequest request) {
    return request.getHeader(PeerReads.HEADER) == null ? Origin.CLIENT : Origin.PEER;
  }
}
