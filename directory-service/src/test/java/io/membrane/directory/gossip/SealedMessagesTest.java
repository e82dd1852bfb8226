package io.membrane.directory.gossip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.scalecube.cluster.transport.api.JdkMessageCodec;
import io.scalecube.cluster.transport.api.Message;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidClassException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SealedMessagesTest {

  private final SealedMessages messages = new SealedMessages("what all directories know");

  @Test
  void aMessageIsReadByWhoKnowsTheKey() throws Exception {
    Message read = read(messages, bytes(messages, "hello"));
    assertThat(read.qualifier()).isEqualTo("q");
    assertThat(read.<Object>data()).isEqualTo("hello");
    assertThat(messages.refused()).isZero();
  }

  @Test
  void whoDoesNotKnowTheKeyIsNotHeard() throws Exception {
    Message read = read(messages, bytes(new SealedMessages("what a stranger knows"), "hello"));
    assertThat(read.qualifier()).isEqualTo("membrane/refused");
    assertThat(read.<Object>data()).isNull();
    assertThat(messages.refused()).isEqualTo(1);
  }

  @Test
  void aMessageThatWasChangedAnywhereOrCutIsNotHeard() throws Exception {
    byte[] bytes = bytes(messages, "hello");
    for (int i = 0; i < bytes.length; i++) {
      byte[] changed = bytes.clone();
      changed[i] ^= 1;
      assertThat(read(messages, changed).qualifier()).isEqualTo("membrane/refused");
      byte[] cut = Arrays.copyOf(bytes, i);
      assertThat(read(messages, cut).qualifier()).isEqualTo("membrane/refused");
    }
    assertThat(messages.refused()).isEqualTo(2L * bytes.length);
  }

  @Test
  void whatTheLibraryWritesWithoutASealIsNotHeard() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new JdkMessageCodec().serialize(Message.withData("hello").qualifier("q").build(), out);
    assertThat(read(messages, out.toByteArray()).qualifier()).isEqualTo("membrane/refused");
  }

  @Test
  void evenWhoKnowsTheKeyMayNotSendWhateverClass() throws IOException {
    byte[] bytes = bytes(messages, new HashMap<>(Map.of("a", List.of(1))));
    assertThatThrownBy(() -> read(messages, bytes))
        .isInstanceOf(InvalidClassException.class)
        .hasMessageContaining("REJECTED");
  }

  private static byte[] bytes(SealedMessages by, Object data) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    by.serialize(Message.withData(data).qualifier("q").build(), out);
    return out.toByteArray();
  }

  private static Message read(SealedMessages by, byte[] bytes)
      throws IOException, ClassNotFoundException {
    return by.deserialize(new ByteArrayInputStream(bytes));
  }
}
