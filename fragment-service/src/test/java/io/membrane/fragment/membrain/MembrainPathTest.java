package io.membrane.fragment.membrain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.Seeds;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MembrainPathTest {

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      textBlock =
          """
          /memory/default/data:5, default, data:5
          //memory/default/data%3A5, default, data:5
          /memory/vllm-cache/f(a=1%2C%20b=(2%2C))+@, vllm-cache, "f(a=1, b=(2,))+@"
          /memory/n/a/b%2Fc, n, a/b/c
          /memory/n%2Fk, n, k
          /memory/n/a;b=c, n, a;b=c
          /memory/n/.., n, ..
          /memory/n/a//, n, a//
          /memory/%E2%82%AC/%F0%9F%98%80, €, 😀
          """)
  void aPathNamesANamespaceAndAKey(String path, String namespace, String key) {
    assertThat(MembrainPath.parse(path)).isEqualTo(new MembrainPath(namespace, key));
  }

  @Test
  void aPathWithoutAKeyIsTheNamespaceAndOneWithAnEmptyKeyIsNot() {
    assertThat(MembrainPath.parse("/memory/n")).isEqualTo(new MembrainPath("n", null));
    assertThat(MembrainPath.parse("/memory/n").storedMetadata()).isEmpty();
    assertThatThrownBy(() -> MembrainPath.parse("/memory/n/")).hasMessageContaining("a key has");
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          /memory, the path is
          /other/n/k, the path is
          /memory/, a namespace has
          /memory//k, a namespace has
          /memory/a%0Ab/k, a namespace has
          /memory/n/%, two hex digits
          /memory/n/%4, two hex digits
          /memory/n/%4g, two hex digits
          /memory/n/%+1, two hex digits
          /memory/n/%FF, not UTF-8
          /memory/n/%C0%80, not UTF-8
          /memory/n/%ED%A0%80, not UTF-8
          """)
  void whatNamesNothingIsRefusedWithTheReason(String path, String reason) {
    assertThatThrownBy(() -> MembrainPath.parse(path))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void namesHaveALimitInBytes() {
    assertThat(MembrainPath.parse("/memory/n/" + "k".repeat(8192)).key()).hasSize(8192);
    assertThatThrownBy(() -> MembrainPath.parse("/memory/n/" + "k".repeat(8193)))
        .hasMessage("a key has 1 to 8192 bytes");
    assertThatThrownBy(() -> MembrainPath.parse("/memory/" + "n".repeat(129) + "/k"))
        .hasMessageContaining("1 to 128 bytes");
  }

  @Test
  void whateverTheKeyItComesBackFromItsEscapedForm() {
    Seeds.forAll(
        500,
        random -> {
          String key = Texts.any(random, 1 + random.nextInt(40));
          StringBuilder path = new StringBuilder("/memory/n/");
          for (byte b : key.getBytes(UTF_8)) {
            path.append("%%%02X".formatted(b));
          }
          assertThat(MembrainPath.parse(path.toString()).key()).isEqualTo(key);
        });
  }

  @Test
  void storedNamesAreShortWithoutControlsAndDifferentForDifferentKeys() {
    Map<String, String> keys = new HashMap<>();
    Seeds.forAll(
        500,
        random -> {
          String key = Texts.any(random, 1 + random.nextInt(200));
          String stored = new MembrainPath("n", key).storedKey();
          assertThat(stored).startsWith("memory/n/").hasSizeLessThan(110);
          assertThat(stored.chars().noneMatch(Character::isISOControl)).isTrue();
          assertThat(keys.putIfAbsent(stored, key)).isIn(null, key);
        });
    String digested = new MembrainPath("n", "k".repeat(97)).storedKey();
    String forged = digested.substring("memory/n/".length());
    assertThat(new MembrainPath("n", forged).storedKey()).isNotEqualTo(digested);
    assertThat(new MembrainPath("n", "data:1").storedKey()).isEqualTo("memory/n/data:1");
  }

  @Test
  void metadataIsStoredUnderTheNameThatItWouldHaveByItself() {
    String key = "BlockHashType(hash_value=1, token_ids=(" + "1, ".repeat(600) + "))";
    assertThat(new MembrainPath("n", key).storedMetadata())
        .contains(new MembrainPath("n", key + ":meta").storedKey());
    assertThat(new MembrainPath("n", "k".repeat(8192)).storedMetadata()).isEmpty();
  }
}
