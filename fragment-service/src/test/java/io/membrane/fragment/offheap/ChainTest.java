package io.membrane.fragment.offheap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ChainTest {

  @Test
  void whatNobodyHoldsIsGivenBackOnceAndNeverHeldAgain() {
    AtomicInteger freed = new AtomicInteger();
    Chain chain = new Chain(new Memory(1, 1), new Runs(1), 0, _ -> freed.incrementAndGet());
    assertThat(chain.hold()).isTrue();
    chain.letGo();
    assertThat(freed).hasValue(0);
    chain.letGo();
    assertThat(chain.hold()).isFalse();
    assertThat(chain.hold()).isFalse();
    assertThat(freed).hasValue(1);
  }
}
