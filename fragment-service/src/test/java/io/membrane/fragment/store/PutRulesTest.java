package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.block.Namespace;
import io.membrane.block.Signature;
import io.membrane.block.TokenSpan;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient.FragmentMeta;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PutRulesTest {

  private static final TokenSpan SPAN = new TokenSpan(16, 32);

  @ParameterizedTest
  @CsvSource({"f32,4", "f16,2", "bf16,2", "fp8_e4m3,1", "fp8,1", "int8,1"})
  void aPayloadFitsItsSignatureToTheByte(String dtype, int width) {
    int bytes = 2 * 3 * 2 * 8 * 16 * width;
    FragmentMeta meta = signed(signature(namespace(dtype), Signature.LAYOUT, 3));
    assertThatCode(() -> PutRules.check(meta, bytes)).doesNotThrowAnyException();
    refused(meta, bytes - 1, "signature asks for " + bytes);
    refused(meta, bytes + 1, "signature asks for " + bytes);
  }

  @Test
  void anUnknownDtypeOrLayoutIsNotMeasured() {
    assertThatCode(
            () -> {
              PutRules.check(signed(signature(namespace("nf4"), Signature.LAYOUT, 3)), 7);
              PutRules.check(signed(signature(namespace("f32"), "paged", 3)), 7);
            })
        .doesNotThrowAnyException();
  }

  @Test
  void aSignatureOfSomethingElseIsRefused() {
    Signature other = signature(namespace("f16"), "paged", 3);
    refused(new FragmentMeta(namespace("f32"), null, SPAN, other, null, false), 7, "namespace");
    refused(
        new FragmentMeta(namespace("f16"), null, new TokenSpan(0, 16), other, null, false),
        7,
        "token span");
  }

  @Test
  void aSignatureBeyondAllMemoryIsRefused() {
    Signature huge =
        new Signature(
            namespace("f32"),
            Signature.LAYOUT,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            SPAN,
            "rope",
            1e4);
    refused(signed(huge), 7, "no payload is as large");
  }

  @Test
  void nothingAndTooLongASpanAndAPinThatEndsAreRefused() {
    Namespace namespace = namespace("f32");
    refused(new FragmentMeta(namespace, null, SPAN, null, null, false), 0, "empty");
    refused(
        new FragmentMeta(namespace, null, new TokenSpan(0, 17), null, null, false), 1, "longer");
    refused(new FragmentMeta(namespace, null, SPAN, null, 5L, true), 1, "pinned");
  }

  private static void refused(FragmentMeta meta, int bytes, String why) {
    assertThatExceptionOfType(MembraneException.class)
        .isThrownBy(() -> PutRules.check(meta, bytes))
        .withMessageContaining(why)
        .matches(e -> e.code() == ErrorCode.IMPOSSIBLE_REQUEST);
  }

  private static Namespace namespace(String dtype) {
    return new Namespace("m", "r", dtype, 16);
  }

  private static FragmentMeta signed(Signature signature) {
    return new FragmentMeta(signature.namespace(), null, SPAN, signature, null, false);
  }

  private static Signature signature(Namespace namespace, String layout, int layers) {
    return new Signature(namespace, layout, layers, 2, 8, SPAN, "rope", 1e4);
  }
}
