package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.helm.Switches.Setting;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Each switch of the values in each of its positions, one at a time. */
class SwitchesTest {

  @TestFactory
  Stream<DynamicTest> whateverIsSwitchedTheRulesHold() {
    return Switches.all().stream()
        .map(setting ->
            DynamicTest.dynamicTest(
                setting.toString(),
                () ->
                    Rules.check(
                        Chart.with(Chart.set(beside(setting), setting.path(), setting.value())))));
  }

  /** Everybody, or those who show something: both would be refused. So would half of mutual TLS. */
  private static Map<String, Object> beside(Setting setting) {
    Map<String, Object> values = Chart.companions();
    if (setting.equals(new Setting("gateway.security.anonymous", true))) {
      values = Chart.set(values, "gateway.security.issuer", "");
      values = Chart.set(values, "gateway.security.bootstrapKey.existingSecret", "");
    }
    if (setting.equals(new Setting("redis.tls.mutual", true))) {
      values = Chart.set(values, "redis.mode", "standalone");
      values = Chart.set(values, "redis.tls.enabled", true);
    }
    return values;
  }

  @Test
  void switchesAreFoundBehindReferencesToo() {
    assertThat(Switches.all())
        .extracting(Setting::toString)
        .containsAll(
            List.of("redis.mode=sentinel", "gateway.autoscaling.enabled=true", "spread.zones=off"));
  }
}
