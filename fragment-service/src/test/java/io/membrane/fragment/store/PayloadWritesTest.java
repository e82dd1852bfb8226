package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandEncoder;
import io.lettuce.core.protocol.CommandType;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.OffHeap;
import io.membrane.fragment.offheap.Payload;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Payloads on their way to Redis. */
class PayloadWritesTest {

  private static final String BODY = "x".repeat(100_000);
  private static final String SET =
      "*5\r\n$3\r\nSET\r\n$3\r\nkey\r\n$100000\r\n" + BODY + "\r\n$2\r\nPX\r\n$1\r\n7\r\n";

  private final OffHeap memory = new OffHeap(8 << 20, false);
  private final EmbeddedChannel channel = new EmbeddedChannel(new CommandEncoder());
  private final Payload payload = payload();

  PayloadWritesTest() {
    new PayloadWrites().afterChannelInitialized(channel);
  }

  private Payload payload() {
    try (Claim claim = Objects.requireNonNull(memory.tryClaim(BODY.length()))) {
      claim.append(ByteBuffer.wrap(BODY.getBytes(ISO_8859_1)));
      return claim.commit();
    }
  }

  @SuppressWarnings("unchecked") // as Bodies does it
  private Command<byte[], byte[], String> set() {
    CommandArgs<?, ?> arguments = new PayloadArgs("key".getBytes(ISO_8859_1), payload);
    arguments.add("PX").add(7);
    return new Command<>(
        CommandType.SET,
        new StatusOutput<>(ByteArrayCodec.INSTANCE),
        (CommandArgs<byte[], byte[]>) arguments);
  }

  @AfterEach
  void everythingIsGivenBack() {
    channel.finishAndReleaseAll();
    payload.close();
    assertThat(memory.usedBytes()).isZero();
    memory.close();
  }

  private static long address(ByteBuffer buffer) {
    return buffer.isDirect() ? MemorySegment.ofBuffer(buffer).address() : -1;
  }

  private String written() {
    ByteBuf written = channel.readOutbound();
    try {
      return written.toString(ISO_8859_1);
    } finally {
      written.release();
    }
  }

  @Test
  void aPayloadLeavesFromWhereItLies() {
    channel.writeOutbound(set());
    ByteBuf written = channel.readOutbound();
    long lies = address(payload.buffers(0, payload.length())[0]);
    assertThat(Arrays.stream(written.nioBuffers()).map(PayloadWritesTest::address)).contains(lies);
    assertThat(written.toString(ISO_8859_1)).isEqualTo(SET);
    written.release();
  }

  @Test
  void aPayloadIsHeldUntilTheSocketHasTakenIt() {
    var taken = channel.write(set());
    payload.close();
    assertThat(taken.isDone()).isFalse();
    assertThat(memory.usedBytes()).isPositive();
    channel.flush();
    assertThat(taken.isSuccess()).isTrue();
    assertThat(written()).hasSize(SET.length());
    assertThat(memory.usedBytes()).isZero();
  }

  @Test
  void aCommandThatIsSentAgainWithOthersIsWhole() {
    Command<byte[], byte[], String> command = set();
    channel.writeOutbound(command);
    assertThat(written()).isEqualTo(SET);
    channel.writeOutbound(List.of(command, set()));
    assertThat(written()).isEqualTo(SET + SET);
  }
}
