package io.membrane.reconstruction.prefetch;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.reconstruction.prefetch.PrefetchSettings.When;
import io.membrane.reconstruction.session.Session;
import io.membrane.reconstruction.session.SessionHistory;
import io.membrane.reconstruction.session.SessionKey;
import io.membrane.rpc.CallContext;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.KnownBlock;
import io.membrane.wire.DirectoryClient.RelatedBlock;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.Keys;
import io.membrane.wire.MatchRequest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Has the blocks of a session's last turn brought into fragment-service's memory, from the head of
 * the prompt on, and tells the directory of the contexts that sessions used. Nobody waits for any
 * of it and no failure of it is anybody's: what cannot be done at once is left out and counted. The
 * clients should be its own, so that no request meets a breaker that this has opened. Thread-safe.
 */
public final class Prefetching {

  private static final int AT_ONCE = 16;
  private static final Duration LAYOUT_KEPT = Duration.ofMinutes(1);
  private static final int MOST_LAYOUTS = 1000;

  private record Stock(String tenant, Namespace namespace) {}

  /** Of every block its attention, of the last one a state too, if the model is a hybrid one. */
  private record Layout(BlockLayout attention, BlockLayout state) {}

  private final SessionHistory history;
  private final DirectoryClient directory;
  private final FragmentClient fragments;
  private final PrefetchSettings settings;
  private final ByteBudget budget;
  private final Background prefetches = new Background("prefetch", AT_ONCE);
  private final Background notes = new Background("contexts", AT_ONCE);
  private final Cache<Stock, Layout> layouts =
      Caffeine.newBuilder().maximumSize(MOST_LAYOUTS).expireAfterWrite(LAYOUT_KEPT).build();
  private final PrefetchCounts turns = new PrefetchCounts();
  private final PrefetchCounts similar = new PrefetchCounts();

  public Prefetching(
      SessionHistory history,
      DirectoryClient directory,
      FragmentClient fragments,
      PrefetchSettings settings,
      InstantSource clock) {
    this.history = history;
    this.directory = directory;
    this.fragments = fragments;
    this.settings = settings;
    this.budget = new ByteBudget(settings.bytesPerSecond(), clock);
  }

  /** A turn of a session begins. */
  public void turnBegins(SessionKey key) {
    if (settings.when() != When.NEVER) {
      begin(key);
    }
  }

  /** Looks for sessions whose next turn is expected from now on. */
  public void expectTurns() {
    if (settings.when() == When.EXPECTED) {
      history.due().forEach(this::begin);
    }
  }

  /** A session used a context; the directory learns of it. */
  public void contextUsed(SessionKey key, List<BlockHash> chain) {
    if (!chain.isEmpty()) {
      MatchRequest noted = new MatchRequest(null, null, chain, null, null, key.id(), null);
      notes.begin(key.tenant(), () -> directory.match(noted), done -> turns.untold(done ? 0 : 1));
    }
  }

  /**
   * Has blocks of the call's tenant that are similar to those of a prompt brought into memory,
   * within the call's deadline.
   *
   * @param blocks names them; may take long
   */
  public void similar(Supplier<List<BlockHash>> blocks) {
    if (settings.when() != When.NEVER) {
      prefetches.begin(
          CallContext.currentOr(Background.PATIENCE),
          () -> fetchSimilar(blocks.get()),
          done -> similar.failed(done ? 0 : 1));
    }
  }

  /** Tells the directory what blocks of the call's tenant are about. */
  public void describe(DescribeRequest chunks) {
    notes.begin(
        CallContext.tenantOfCall(),
        () -> directory.describe(chunks),
        done -> similar.untold(done ? 0 : chunks.blocks().size()));
  }

  /** What was asked for turns of sessions; untold are contexts that they used. */
  public PrefetchCounts turnCounts() {
    return turns;
  }

  /** What was asked for since it is similar; untold are blocks' meanings. */
  public PrefetchCounts similarCounts() {
    return similar;
  }

  private void begin(SessionKey key) {
    Session session = history.find(key);
    if (session != null && !session.chain().isEmpty()) {
      prefetches.begin(key.tenant(), () -> fetch(key, session), done -> turns.failed(done ? 0 : 1));
    }
  }

  private void fetch(SessionKey key, Session session) {
    Layout layout = layout(session);
    if (layout == null) {
      return;
    }
    List<BlockHash> likely = likely(session);
    List<FragmentKey> state = state(session, layout.state());
    int granted = budget.take(likely.size(), layout.attention().bytes());
    turns.leftOut(likely.size() - granted);
    List<BlockHash> some = likely.subList(0, granted);
    if (granted == 0 || !history.fetchAhead(key, session.turnCount(), some)) {
      return;
    }
    try {
      ask(state, some, layout.attention());
    } catch (RuntimeException e) {
      history.notFetched(key, some);
      throw e;
    }
    long stateBytes = state.isEmpty() ? 0 : layout.state().bytes();
    turns.asked(granted, granted * layout.attention().bytes() + stateBytes);
  }

  /** The snapshot that the next turn begins behind, if there are bytes for it; read first. */
  private List<FragmentKey> state(Session session, BlockLayout layout) {
    return layout.slices().isEmpty() || budget.take(1, layout.bytes()) == 0
        ? List.of()
        : keys(session.chain().getLast(), layout).toList();
  }

  private static Stream<FragmentKey> keys(BlockHash hash, BlockLayout layout) {
    return layout.slices().stream().map(slice -> new FragmentKey(hash, slice));
  }

  private void fetchSimilar(List<BlockHash> likely) {
    if (likely.isEmpty()) {
      return;
    }
    KnownBlock block = directory.block(likely.getFirst().toString());
    BlockLayout layout = BlockLayout.of(block, Slice.Kind.ATTN);
    if (layout.slices().isEmpty()) {
      return;
    }
    int granted = budget.take(likely.size(), layout.bytes());
    similar.leftOut(likely.size() - granted);
    if (granted > 0) {
      ask(List.of(), likely.subList(0, granted), layout);
      similar.asked(granted, granted * layout.bytes());
    }
  }

  private void ask(List<FragmentKey> state, List<BlockHash> some, BlockLayout layout) {
    List<FragmentKey> keys =
        Stream.concat(state.stream(), some.stream().flatMap(hash -> keys(hash, layout))).toList();
    for (int from = 0; from < keys.size(); from += FragmentClient.MAX_KEYS) {
      int to = Math.min(keys.size(), from + FragmentClient.MAX_KEYS);
      fragments.prefetch(new Keys(keys.subList(from, to)));
    }
  }

  /** The last turn's blocks, then those that co-access puts behind them. */
  private List<BlockHash> likely(Session session) {
    if (settings.related() == 0) {
      return session.chain();
    }
    Set<BlockHash> likely = new LinkedHashSet<>(session.chain());
    directory.related(session.chain().getLast().toString(), settings.related()).related().stream()
        .map(RelatedBlock::blockHash)
        .forEach(likely::add);
    return new ArrayList<>(likely);
  }

  /** How the session's blocks are stored, by the look of the first and the last; null if not. */
  private @Nullable Layout layout(Session session) {
    Stock stock = new Stock(CallContext.tenantOfCall(), session.namespace());
    @Nullable Layout layout = layouts.getIfPresent(stock);
    if (layout == null) {
      KnownBlock first = directory.block(session.chain().getFirst().toString());
      KnownBlock last = directory.block(session.chain().getLast().toString());
      layout =
          new Layout(
              BlockLayout.of(first, Slice.Kind.ATTN), BlockLayout.of(last, Slice.Kind.STATE));
      if (layout.attention().slices().isEmpty()) {
        return null;
      }
      layouts.put(stock, layout);
    }
    return layout;
  }
}
