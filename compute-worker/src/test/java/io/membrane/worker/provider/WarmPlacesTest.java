package io.membrane.worker.provider;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.web.client.RestClient;

class WarmPlacesTest {

  private static final Namespace NAMESPACE = new Namespace("provider:x/m", "system", "none", 16);
  private static final Duration LIFETIME = Duration.ofMinutes(5);

  private final TestClock clock = new TestClock();
  private final NumberedDirectory directory = new NumberedDirectory();
  private final WarmPlaces places = places();

  @AfterEach
  void close() {
    places.close();
    directory.close();
  }

  @Test
  void aHitRenewsAndTheSameEndIsNotToldTwice() {
    List<BlockHash> chain = chain(3);
    assertThat(places.renew(chain, end())).isEqualTo("1-0");
    assertThat(places.renew(chain, end())).isEqualTo("1-0");
    assertThat(directory.batches()).isEqualTo(1);

    clock.advance(Duration.ofMinutes(2));
    assertThat(places.renew(chain.subList(0, 2), end())).isEqualTo("2-0");
    assertThat(directory.held("x"))
        .extracting(Event::expiresAtMs)
        .containsExactly(
            end().toEpochMilli(), end().toEpochMilli(), end().minusSeconds(120).toEpochMilli());
    assertThat(requireNonNull(List.copyOf(directory.held("x")).get(1).parentHash()))
        .isEqualTo(chain.getFirst());
  }

  @Test
  void whatHasEndedIsDroppedAndTheNextPromptBeginsALaterEpoch() {
    List<BlockHash> chain = chain(3);
    places.renew(chain, end());
    clock.advance(LIFETIME.minusMillis(1));
    places.expire();
    assertThat(places.size()).isEqualTo(3);
    clock.advance(Duration.ofMillis(1));
    places.expire();
    assertThat(places.size()).isZero();

    List<BlockHash> other = chain(2);
    places.renew(other, end());
    assertThat(directory.hashes("x")).isEqualTo(other);
  }

  @Test
  void aRestartedWorkerClearsWhatItSaidBefore() {
    places.renew(chain(3), end());
    clock.advance(Duration.ofSeconds(1));
    List<BlockHash> chain = chain(2);
    try (WarmPlaces restarted = places()) {
      restarted.renew(chain, end());
      assertThat(directory.hashes("x")).isEqualTo(chain);
    }
  }

  @Test
  void aDirectoryThatLostItsLogIsToldAllOfIt() {
    List<BlockHash> first = chain(3);
    List<BlockHash> second = chain(2);
    places.renew(first, end());
    directory.lose("x");
    assertThat(places.renew(second, end())).isNotNull();
    assertThat(directory.hashes("x"))
        .isEqualTo(Stream.concat(first.stream(), second.stream()).toList());
  }

  @Test
  void moreThanABatchIsToldInSeveral() {
    List<BlockHash> chain = chain(4_500);
    places.renew(chain, end());
    assertThat(directory.hashes("x")).isEqualTo(chain);
    assertThat(directory.batches()).isEqualTo(3);
  }

  @Test
  void aPromptThatAnotherHasReplacedIsNotRecordedAnyMore() {
    List<BlockHash> first = chain(2);
    List<BlockHash> second = chain(2);
    places.keepOnly(second);
    assertThat(places.renew(first, end())).isNull();
    places.renew(second, end());
    assertThat(directory.hashes("x")).isEqualTo(second);
  }

  @Test
  void whatTheDirectoryWasNotToldIsGoneItIsToldWithTheNextPrompt() {
    places.renew(chain(3), end());
    directory.fail(ErrorCode.DEPENDENCY_UNAVAILABLE);
    places.keepOnly(List.of());
    places.expire();
    assertThat(directory.held("x")).hasSize(3);

    directory.fail(null);
    places.keepOnly(List.of());
    assertThat(directory.held("x")).isEmpty();
  }

  /** Against a map per tenant, through failures of the directory. */
  @Test
  void theDirectoryHoldsWhatIsWarmOnceItAnswers() {
    Seeds.forAll(
        20,
        random -> {
          try (NumberedDirectory told = new NumberedDirectory();
              WarmPlaces warm = places(told)) {
            Map<String, Map<BlockHash, Long>> oracle = new HashMap<>();
            for (int step = 0; step < 30; step++) {
              told.fail(random.nextInt(4) == 0 ? ErrorCode.DEPENDENCY_UNAVAILABLE : null);
              String tenant = random.nextBoolean() ? "default" : "ada";
              renew(warm, oracle.computeIfAbsent(tenant, t -> new HashMap<>()), tenant, random);
              clock.advance(Duration.ofSeconds(random.nextInt(60)));
              warm.expire();
              oracle.values().forEach(held -> held.values().removeIf(e -> e <= clock.millis()));
            }
            told.fail(null);
            oracle.forEach((tenant, held) -> {
              renew(warm, held, tenant, random);
              Map<BlockHash, Long> there = new HashMap<>();
              told.held(tenant.equals("default") ? "x" : "x@" + tenant)
                  .forEach(e -> there.put(requireNonNull(e.blockHash()), e.expiresAtMs()));
              there.values().removeIf(e -> e <= clock.millis());
              assertThat(there).isEqualTo(held);
            });
          }
        });
  }

  private void renew(
      WarmPlaces warm, Map<BlockHash, Long> oracle, String tenant, RandomGenerator random) {
    List<BlockHash> chain = chain(new Random(random.nextInt(5)), 1 + random.nextInt(4));
    chain.forEach(hash -> oracle.put(hash, end().toEpochMilli()));
    try {
      CallContext.of(tenant, Duration.ofSeconds(30)).call(() -> "" + warm.renew(chain, end()));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private Instant end() {
    return clock.instant().plus(LIFETIME);
  }

  private static List<BlockHash> chain(int blocks) {
    return chain(new Random(), blocks);
  }

  private static List<BlockHash> chain(RandomGenerator random, int blocks) {
    return Stream.generate(() -> Seeds.hash(random)).limit(blocks).toList();
  }

  private WarmPlaces places() {
    return places(directory);
  }

  private WarmPlaces places(NumberedDirectory told) {
    ClientProperties properties =
        new ClientProperties(
            Map.of(), Duration.ofSeconds(5), Duration.ofSeconds(30), 64, 1, Duration.ofMillis(1));
    ServiceClients clients = new ServiceClients(RestClient.builder(), properties);
    return new WarmPlaces(
        "x",
        "local",
        NAMESPACE,
        clients.of(DirectoryClient.class, "directory-service", URI.create(told.url())),
        new SimpleMeterRegistry(),
        clock);
  }
}
