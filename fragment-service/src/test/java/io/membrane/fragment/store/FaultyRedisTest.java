package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.ScriptOutputType;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A Redis that refuses, and a network that loses what is under way: wrong bytes never, and metrics
 * tell why a call failed.
 */
class FaultyRedisTest extends StoreOnRedis {

  private final RedisProcess process = RedisProcess.embedded();
  private final FaultProxy proxy = new FaultProxy(process.port());
  private final FragmentKey key = key();
  private final byte[] body = Seeds.bytes(random, 500_000);

  @Override
  String[] properties() {
    return new String[] {
      "spring.data.redis.url=redis://127.0.0.1:" + proxy.port(), "spring.data.redis.timeout=1s"
    };
  }

  @Override
  String[] propertiesOfAdministrator() {
    return process.properties();
  }

  @AfterEach
  void heal() {
    proxy.heal();
    Awaitility.await().ignoreExceptions().until(() -> !isThere(key()));
  }

  @AfterAll
  void stop() {
    proxy.close();
    process.close();
  }

  @Test
  void anAnswerToTheNamingThatIsLostLosesNoBytesOfOthers() {
    FragmentKey other = key();
    put(other, body);
    proxy.inject(new Fault.LoseAnswerTo(Script.PUT.sha1()));

    assertThat(outcome()).isIn("SAME", "NEW", ErrorCode.DEPENDENCY_UNAVAILABLE.name());

    heal();
    assertThat(body(other)).isEqualTo(body);
    assertThat(body(key)).isEqualTo(body);
    isConsistentAfterASweep();
  }

  @Test
  void aCallThatTheClientSendsAgainTakesNoBytesAway() {
    proxy.inject(new Fault.LoseAnswerTo(Script.PUT.sha1()));
    String outcome = outcome();
    heal();
    assertThat(body(key)).as(outcome).isEqualTo(body);
    assertThat(put(key, body).isNew()).isFalse();
    isConsistentAfterASweep();
  }

  @Test
  void aBodyThatIsCutOnItsWayToRedisIsNotStored() {
    proxy.inject(new Fault.CutRequestAfter(200_000));
    assertThat(refusal(() -> put(key, body))).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
    heal();
    assertThat(read(key)).isNull();
    assertThat(put(key, body).isNew()).isTrue();
    assertThat(body(key)).isEqualTo(body);
    isConsistentAfterASweep();
  }

  @Test
  void aBodyThatIsCutOnItsWayFromRedisIsAnErrorAndNoReasonToDropIt() {
    put(key, body);
    double corrupt = corrupt();
    proxy.inject(new Fault.CutAfter(200_000));
    assertThat(refusal(() -> read(key))).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
    heal();
    assertThat(body(key)).isEqualTo(body);
    assertThat(corrupt()).isEqualTo(corrupt);
  }

  @Test
  void aRedisThatCannotWriteToItsDiskStoresNothingAndIsReadFrom() throws IOException {
    put(key, body);
    Path inTheWay =
        Files.createDirectory(Path.of(redis.configGet("dir").get("dir")).resolve("dump.rdb"));
    redis.configSet("save", "3600 1");
    redis.bgsave();
    Awaitility.await()
        .until(() -> redis.info("persistence").contains("rdb_last_bgsave_status:err"));

    FragmentKey refused = key();
    assertThat(refusal(() -> put(refused, body))).isEqualTo(ErrorCode.STORAGE_FULL);
    assertThat(calls("misconf")).isPositive();
    assertThat(body(key)).isEqualTo(body);
    assertThat(isThere(refused)).isFalse();

    Files.delete(inTheWay);
    redis.bgsave();
    Awaitility.await().until(() -> redis.info("persistence").contains("rdb_last_bgsave_status:ok"));
    assertThat(put(refused, body).isNew()).isTrue();
    redis.configSet("save", "");
    isConsistentAfterASweep();
  }

  @Test
  void aPrimaryThatHasBecomeAReplicaIsAnErrorForWhoWrites() {
    put(key, body);
    redis.replicaof("127.0.0.1", 1);
    try {
      assertThat(refusal(() -> put(key(), body))).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
      assertThat(calls("readonly")).isPositive();
      assertThat(body(key)).isEqualTo(body);
    } finally {
      redis.replicaofNoOne();
    }
    assertThat(put(key(), body).isNew()).isTrue();
  }

  @Test
  void aRedisThatIsBusyWithAScriptIsAnErrorUntilItEnds() {
    put(key, body);
    redis.configSet("lua-time-limit", "20");
    try (RedisContents another = new RedisContents(process.properties())) {
      Thread script =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  another.redis.eval(
                      "while true do redis.call('PING') end", ScriptOutputType.STATUS);
                } catch (RuntimeException killed) {
                  assertThat(killed).hasMessageContaining("killed");
                }
              });
      Awaitility.await()
          .until(() ->
              outcomeOf(key()).equals(ErrorCode.DEPENDENCY_UNAVAILABLE.name())
                  && calls("busy") > 0);
      redis.scriptKill();
      script.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    Awaitility.await().ignoreExceptions().until(() -> put(key(), body).isNew());
    assertThat(body(key)).isEqualTo(body);
  }

  @Test
  void aRedisThatIsFullIsToldApartFromOneThatIsGone() {
    contents.limitMemory(used -> 1024L);
    assertThat(refusal(() -> put(key, body))).isEqualTo(ErrorCode.STORAGE_FULL);
    assertThat(calls("oom")).isPositive();
    contents.limitMemory(used -> 0L);
    process.pause();
    try {
      assertThat(refusal(() -> put(key, body))).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
    } finally {
      process.resume();
    }
    assertThat(calls("timeout")).isPositive();
    Awaitility.await().ignoreExceptions().until(() -> put(key, body).isNew() || isThere(key));
    assertThat(body(key)).isEqualTo(body);
  }

  private String outcome() {
    return outcomeOf(key);
  }

  private String outcomeOf(FragmentKey fragment) {
    try {
      return put(fragment, body).isNew() ? "NEW" : "SAME";
    } catch (MembraneException e) {
      return e.code().name();
    }
  }
}
