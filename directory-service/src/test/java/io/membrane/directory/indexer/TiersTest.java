package io.membrane.directory.indexer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TiersTest {

  @Test
  void neitherTheStoreNorAProviderIsAnEngine() {
    assertThat(Tiers.isOfEngine("gpu")).isTrue();
    assertThat(Tiers.isOfEngine("object")).isTrue();
    assertThat(Tiers.isOfEngine("redis")).isFalse();
    assertThat(Tiers.isOfEngine("memory")).isFalse();
    assertThat(Tiers.isOfEngine("provider")).isFalse();
  }
}
