package io.membrane.directory.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.directory.engine.EngineCounts.Count;
import io.membrane.directory.engine.EngineRegistry.Registered;
import io.membrane.directory.engine.wire.Capture;
import io.membrane.directory.engine.wire.EngineTranslator;
import io.membrane.directory.engine.wire.KvEventDecoder;
import io.membrane.directory.location.Source;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient.Event;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.zeromq.ZMQ;

class EngineFollowerTest {

  static final List<String> PUBLISHERS = Capture.PUBLISHERS;

  private static final Namespace NAMESPACE = Seeds.namespace(4);
  private static final List<byte[]> STORY = Capture.payloads("vllm-0.33.0");

  private static final String DOMAIN = "tenant:t";

  private final ZMQ.Context context = ZMQ.context(1);
  private final Log log = new Log();
  private final EngineCounts counts = new EngineCounts();

  /** Waits until no socket is open. */
  @AfterEach
  void stop() {
    context.close();
  }

  /** A sink that takes what is next and knows what the engine holds. */
  private static final class Log implements EventSink {

    private final Set<String> held = new HashSet<>();
    private long epoch = 41;
    private long next;
    private int refusals;
    private boolean isForgetful;

    @Override
    public synchronized long nextEpoch(Source source) {
      return epoch + 1;
    }

    @Override
    public synchronized Standing standing(Source source, long epoch) {
      if (epoch > this.epoch || isForgetful) {
        return Standing.UNHEARD;
      }
      return epoch < this.epoch ? Standing.OVER : Standing.HEARD;
    }

    @Override
    public synchronized void append(Source source, long epoch, long sequence, List<Event> events) {
      if (refusals > 0) {
        refusals--;
        throw new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, "not now");
      }
      if (epoch > this.epoch) {
        this.epoch = epoch;
        next = 0;
        held.clear();
      }
      assertThat(epoch).isEqualTo(this.epoch);
      assertThat(sequence).isEqualTo(next);
      next += events.size();
      events.forEach(event -> note(held, event));
    }

    synchronized void forget() {
      isForgetful = true;
    }

    synchronized void refuse(int times) {
      refusals = times;
    }

    synchronized Set<String> held() {
      return Set.copyOf(held);
    }
  }

  private static void note(Set<String> held, Event event) {
    String place = event.blockHash() + " " + event.slice() + " " + event.tier();
    switch (event.type()) {
      case STORED -> held.add(place);
      case REMOVED -> held.remove(place);
      case CLEARED -> held.clear();
    }
  }

  /** What is held by somebody who heard all of it. */
  private static Set<String> heldAfter(List<byte[]> payloads) {
    Set<String> held = new HashSet<>();
    EngineTranslator translator =
        new EngineTranslator(NAMESPACE, BlockHasher.root(NAMESPACE, ""), 2, new Semaphore(100));
    for (byte[] payload : payloads) {
      KvEventDecoder.decode(payload)
          .events()
          .forEach(event -> translator.apply(event, e -> note(held, e)));
    }
    return held;
  }

  private static Engine engine(String endpoint, @Nullable String replayEndpoint, boolean bind) {
    return new Engine(
        "e-1",
        "t",
        "c1",
        NAMESPACE,
        BlockHasher.root(NAMESPACE, ""),
        2,
        endpoint,
        replayEndpoint,
        "kv-events",
        bind);
  }

  private EngineFollower follow(Engine engine) {
    return new EngineFollower(
        new Registered(engine, engine.source(DOMAIN)),
        log,
        context,
        new Semaphore(1_000),
        counts,
        Clock.systemUTC());
  }

  private EngineFollower follow(EnginePublisher publisher) {
    EngineFollower follower =
        follow(engine(publisher.endpoint(), publisher.replayEndpoint(), false));
    publisher.awaitSubscriber();
    return follower;
  }

  private void awaitHeld(List<byte[]> payloads) {
    Set<String> expected = heldAfter(payloads);
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(log.held()).isEqualTo(expected));
  }

  @ParameterizedTest
  @FieldSource("PUBLISHERS")
  void whatARecordedPublisherSaysIsKnown(String recorded) {
    List<byte[]> story = Capture.payloads(recorded);
    try (EnginePublisher publisher = new EnginePublisher();
        EngineFollower _ = follow(publisher)) {
      for (int i = 1; i <= story.size(); i++) {
        publisher.say(story.get(i - 1));
        awaitHeld(story.subList(0, i));
      }
    }
  }

  @Test
  void whatWasSaidBeforeIsKnownFromTheReplayOfOldAndNewVersions() {
    for (boolean withTopic : new boolean[] {false, true}) {
      try (EnginePublisher publisher =
          new EnginePublisher("tcp://127.0.0.1:*", "tcp://127.0.0.1:*", withTopic)) {
        STORY.subList(0, 3).forEach(publisher::say);
        try (EngineFollower _ = follow(publisher)) {
          awaitHeld(STORY.subList(0, 3));
        }
      }
    }
  }

  @Test
  void whatIsLostIsRepeatedAndWhatIsRepeatedCountsOnce() {
    try (EnginePublisher publisher = new EnginePublisher();
        EngineFollower follower = follow(publisher)) {
      publisher.say(STORY.get(0));
      awaitHeld(STORY.subList(0, 1));
      publisher.lose(STORY.get(1));
      publisher.lose(STORY.get(2));
      publisher.say(STORY.get(3));
      publisher.repeat(3);
      publisher.repeat(0);
      awaitHeld(STORY.subList(0, 4));
      Awaitility.await().until(() -> follower.state().phase() == EngineState.Phase.LIVE);
      assertThat(follower.state().messages()).isEqualTo(4);
      assertThat(follower.state().gaps()).isOne();
      assertThat(counts.of(Count.APPLIED)).isEqualTo(4);
      assertThat(counts.of(Count.GAP)).isOne();
      assertThat(counts.of(Count.UNREADABLE)).isZero();
    }
  }

  @Test
  void anEngineThatRestartedAndOvertookItselfHoldsWhatItHoldsNow() {
    EnginePublisher first = new EnginePublisher();
    try (EngineFollower follower = follow(first)) {
      first.say(STORY.getFirst());
      awaitHeld(STORY.subList(0, 1));
      String endpoint = first.endpoint();
      String replayEndpoint = first.replayEndpoint();
      first.close();
      try (EnginePublisher second = new EnginePublisher(endpoint, replayEndpoint, true)) {
        List<byte[]> reversed = STORY.reversed();
        reversed.forEach(second::lose);
        awaitHeld(reversed);
        Awaitility.await().until(() -> follower.state().restarts() == 1);
      }
    }
  }

  @Test
  void anEngineMayConnectToTheDirectory() {
    String free;
    try (EnginePublisher taken = new EnginePublisher()) {
      free = taken.endpoint();
    }
    try (EnginePublisher publisher = new EnginePublisher(">" + free, "tcp://127.0.0.1:*", true);
        EngineFollower _ = follow(engine(free, publisher.replayEndpoint(), true))) {
      publisher.awaitSubscriber();
      STORY.subList(0, 2).forEach(publisher::say);
      awaitHeld(STORY.subList(0, 2));
    }
  }

  @Test
  void eventsWaitWhileTheLogTakesNone() {
    log.refuse(2);
    try (EnginePublisher publisher = new EnginePublisher();
        EngineFollower follower = follow(publisher)) {
      STORY.forEach(publisher::say);
      awaitHeld(STORY);
      assertThat(follower.isRunning()).isTrue();
    }
  }

  @Test
  void aFollowerWhoseEpochIsOverEnds() {
    try (EnginePublisher publisher = new EnginePublisher();
        EngineFollower follower = follow(publisher)) {
      publisher.say(STORY.getFirst());
      awaitHeld(STORY.subList(0, 1));
      log.append(engine("tcp://h:1", null, false).source(DOMAIN), 1_000, 0, List.of());
      publisher.say(STORY.get(1));
      Awaitility.await().until(() -> !follower.isRunning());
      assertThat(log.held()).isEmpty();
    }
  }

  @Test
  void aFollowerEndsWhoseEventsAreForgotten() {
    try (EnginePublisher publisher = new EnginePublisher();
        EngineFollower follower = follow(publisher)) {
      publisher.say(STORY.getFirst());
      awaitHeld(STORY.subList(0, 1));
      publisher.say(STORY.get(1));
      awaitHeld(STORY.subList(0, 2));
      log.forget();
      Awaitility.await().until(() -> !follower.isRunning());
    }
  }
}
