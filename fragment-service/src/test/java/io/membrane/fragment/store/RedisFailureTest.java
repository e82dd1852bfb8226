package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.membrane.rpc.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedisFailureTest {

  /** As Redis 6 and 7 say it, from a command and out of a script. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          OOM         | STORAGE_FULL           | OOM command not allowed when used memory > 'maxmemory'.
          OOM         | STORAGE_FULL           | ERR Error running script (call to f_1): @user_script:9: @user_script: 9: -OOM command not allowed when used memory > 'maxmemory'.
          MISCONF     | STORAGE_FULL           | MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.
          MISCONF     | STORAGE_FULL           | MISCONF Errors writing to the AOF file: No space left on device
          READONLY    | DEPENDENCY_UNAVAILABLE | READONLY You can't write against a read only replica.
          MASTERDOWN  | DEPENDENCY_UNAVAILABLE | MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.
          NOREPLICAS  | DEPENDENCY_UNAVAILABLE | NOREPLICAS Not enough good replicas to write.
          LOADING     | DEPENDENCY_UNAVAILABLE | LOADING Redis is loading the dataset in memory
          BUSY        | DEPENDENCY_UNAVAILABLE | BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.
          CLUSTERDOWN | DEPENDENCY_UNAVAILABLE | CLUSTERDOWN The cluster is down
          TRYAGAIN    | DEPENDENCY_UNAVAILABLE | TRYAGAIN Multiple keys request during rehashing of slot
          NOPERM      | DEPENDENCY_UNAVAILABLE | NOPERM this user has no permissions to run the 'evalsha' command
          NOAUTH      | DEPENDENCY_UNAVAILABLE | NOAUTH Authentication required.
          NOSCRIPT    | DEPENDENCY_UNAVAILABLE | NOSCRIPT No matching script. Please use EVAL.
          ERROR       | DEPENDENCY_UNAVAILABLE | ERR unknown command
          ERROR       | DEPENDENCY_UNAVAILABLE | BUSYGROUP Consumer Group name already exists
          """)
  void whatRedisRefusesIsToldApart(RedisFailure failure, ErrorCode code, String said) {
    Exception e = new RedisCommandExecutionException(said);
    assertThat(RedisFailure.of(e)).isEqualTo(failure);
    assertThat(failure.because(e).code()).isEqualTo(code);
    assertThat(failure.because(e)).hasCause(e);
  }

  @Test
  void noAnswerIsToldFromNoConnection() {
    assertThat(RedisFailure.of(new RedisCommandTimeoutException("2 s")))
        .isEqualTo(RedisFailure.TIMEOUT);
    assertThat(RedisFailure.of(new RedisConnectionException("refused")))
        .isEqualTo(RedisFailure.ERROR);
  }
}
