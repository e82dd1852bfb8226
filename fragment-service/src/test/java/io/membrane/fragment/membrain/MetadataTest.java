package io.membrane.fragment.membrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetadataTest {

  private static final String MD5 = "d41d8cd98f00b204e9800998ecf8427e";

  @Test
  void dataOfEveryClientHasTheMetadataThatThisClientGivesIt() {
    assertThat(Metadata.of("data:-4611686018427387904"))
        .containsExactly("meta:-4611686018427387904");
    assertThat(Metadata.of(MD5)).containsExactlyInAnyOrder(MD5 + ":meta", MD5 + "_meta");
    assertThat(Metadata.of(MD5 + "_layer_17"))
        .containsExactlyInAnyOrder(MD5 + "_layer_17_meta", MD5 + "_meta");
    assertThat(Metadata.of(MD5 + "_chunk_3"))
        .containsExactlyInAnyOrder(MD5 + "_chunks_meta", MD5 + "_meta");
    assertThat(Metadata.of(MD5 + "_layer_17_chunk_3"))
        .containsExactlyInAnyOrder(
            MD5 + "_layer_17_chunks_meta",
            MD5 + "_layer_17_meta",
            MD5 + "_chunks_meta",
            MD5 + "_meta");
    String free = "BlockHashType(hash_value=-1, token_ids=(1, 2))";
    assertThat(Metadata.of(free)).containsExactly(free + ":meta", free + "_meta");
  }

  @ParameterizedTest
  @CsvSource({
    "meta:5",
    "a:meta",
    "a_meta",
    "a_layer_0_meta",
    "a_chunks_meta",
    "a_layer_2_chunks_meta"
  })
  void metadataHasNone(String key) {
    assertThat(Metadata.of(key)).isEmpty();
  }

  @Test
  void whateverTheKeyItsMetadataIsMetadataAndNeverItself() {
    List<String> parts = List.of("data:", "meta:", "a", "_layer_0", "_chunk_1", "_meta", "\n", "7");
    Seeds.forAll(
        2000,
        random -> {
          StringBuilder key = new StringBuilder();
          for (int i = 0; i < 5; i++) {
            key.append(parts.get(random.nextInt(parts.size())));
          }
          for (String other : Metadata.of(key.toString())) {
            assertThat(other).isNotEqualTo(key.toString());
            assertThat(Metadata.of(other)).isEmpty();
          }
        });
  }
}
