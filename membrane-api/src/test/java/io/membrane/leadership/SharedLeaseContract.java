package io.membrane.leadership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What every kind of lease does, on its real server or the mock of it. */
abstract class SharedLeaseContract {

  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofSeconds(1);

  /** Of another process each time. */
  abstract SharedLease lease();

  abstract void away();

  abstract void back();

  @Test
  void oneOfTwoHoldsItUntilItGivesItBack() throws IOException {
    SharedLease one = lease();
    SharedLease other = lease();
    assertThat(one.hold("one", LONG)).isTrue();
    assertThat(other.hold("other", LONG)).isFalse();
    assertThat(one.hold("one", LONG)).as("renewed").isTrue();
    other.release("other");
    assertThat(other.hold("other", LONG)).as("it was not the other's to give back").isFalse();
    one.release("one");
    assertThat(other.hold("other", LONG)).isTrue();
    assertThat(one.hold("one", LONG)).isFalse();
  }

  @Test
  void whoDiesIsFollowedWhenTheLeaseHasEnded() throws IOException {
    SharedLease dying = lease();
    SharedLease next = lease();
    assertThat(dying.hold("dying", SHORT)).isTrue();
    long begun = System.nanoTime();
    Awaitility.await().pollInSameThread().until(() -> next.hold("next", SHORT));
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(SHORT.dividedBy(2));
    assertThat(dying.hold("dying", SHORT)).isFalse();
  }

  @Test
  void anAnswerThatDoesNotComeIsAFailureAndTheNextIsRight() throws IOException {
    SharedLease one = lease();
    assertThat(one.hold("one", LONG)).isTrue();
    away();
    assertThatThrownBy(() -> one.hold("one", LONG)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> one.release("one")).isInstanceOf(IOException.class);
    back();
    Awaitility.await().pollInSameThread().ignoreExceptions().until(() -> one.hold("one", LONG));
    assertThat(lease().hold("other", LONG)).isFalse();
  }
}
