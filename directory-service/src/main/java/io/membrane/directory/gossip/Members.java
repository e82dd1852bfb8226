package io.membrane.directory.gossip;

import io.scalecube.cluster.ClusterMessageHandler;
import io.scalecube.cluster.membership.MembershipEvent;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who takes part in the gossip beside this member, and what they say. Thread-safe. */
final class Members implements ClusterMessageHandler {

  private static final Logger log = LoggerFactory.getLogger(Members.class);

  private final ConcurrentSkipListMap<String, MemberSays> byId = new ConcurrentSkipListMap<>();
  private final AtomicLong unreadable = new AtomicLong();
  private final String ownRegion;

  Members(String ownRegion) {
    this.ownRegion = ownRegion;
  }

  @Override
  public void onMembershipEvent(MembershipEvent event) {
    switch (event.type()) {
      case ADDED, UPDATED -> put(event);
      case LEAVING, REMOVED -> {
        MemberSays gone = byId.remove(event.member().id());
        if (gone != null) {
          log.info("the directory at {} of region {} is gone", gone.url(), gone.region());
        }
      }
    }
  }

  private void put(MembershipEvent event) {
    @Nullable ByteBuffer said = event.newMetadata();
    if (said == null) {
      return;
    }
    try {
      MemberSays says = MemberSays.of(said);
      byId.put(event.member().id(), says);
      log.info("the directory at {} says that it is of region {}", says.url(), says.region());
    } catch (IllegalArgumentException e) {
      byId.remove(event.member().id());
      unreadable.incrementAndGet();
      log.warn("the member at {} is left out: {}", event.member().address(), e.getMessage());
    }
  }

  /** Where directories of other regions answer; those of this one are no peers. */
  Map<String, List<URI>> peers() {
    Map<String, List<URI>> peers = new TreeMap<>();
    byId.values()
        .forEach(says -> {
          if (!says.region().equals(ownRegion)) {
            peers.computeIfAbsent(says.region(), region -> new ArrayList<>()).add(says.url());
          }
        });
    return peers;
  }

  /** All of them, of whichever region. */
  int count() {
    return byId.size();
  }

  /** How often a member said what cannot be understood. */
  long unreadable() {
    return unreadable.get();
  }

  /** Forgets all. */
  void clear() {
    byId.clear();
  }
}
