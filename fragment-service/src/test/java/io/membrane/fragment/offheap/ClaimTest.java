package io.membrane.fragment.offheap;

import static io.membrane.fragment.offheap.SmallOffHeap.LARGEST;
import static io.membrane.fragment.offheap.SmallOffHeap.UNIT;
import static io.membrane.fragment.offheap.SmallOffHeap.claim;
import static io.membrane.fragment.offheap.SmallOffHeap.payload;
import static io.membrane.fragment.offheap.SmallOffHeap.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.block.ContentDigest;
import io.membrane.fixture.Seeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClaimTest {

  private final OffHeap offHeap = SmallOffHeap.of(3L * LARGEST);

  @AfterEach
  void everythingIsGivenBack() {
    assertThat(offHeap.usedBytes()).isZero();
    assertThat(offHeap.payloadBytes()).isZero();
    assertThat(offHeap.claims()).isZero();
    assertThat(offHeap.leaks()).isZero();
    offHeap.close();
  }

  @Test
  void aBodyOfUnknownLengthGrowsAsItIsReadFromAStream() throws IOException {
    byte[] body = Seeds.bytes(new Random(1), LARGEST + 12_345);
    InputStream in = new ByteArrayInputStream(body);
    try (Claim claim = claim(offHeap, 0)) {
      do {
        if (claim.remaining() == 0) {
          assertThat(claim.grow(100_000)).isTrue();
        }
      } while (claim.readFrom(in) >= 0);
      assertThat(claim.written()).isEqualTo(body.length);
      try (Payload payload = claim.commit()) {
        assertThat(read(payload)).isEqualTo(body);
        assertThat(offHeap.usedBytes()).isEqualTo(SmallOffHeap.units(body.length) * UNIT);
      }
    }
  }

  @Test
  void aBodyIsReadFromAChannelIntoWhateverBlocksAreFree() throws IOException {
    byte[] body = Seeds.bytes(new Random(2), LARGEST);
    Payload[] small = new Payload[3 * LARGEST / UNIT];
    for (int i = 0; i < small.length; i++) {
      small[i] = payload(offHeap, new byte[UNIT]);
    }
    for (int i = 0; i < small.length; i += 2) {
      small[i].close();
    }
    try (Claim claim = claim(offHeap, body.length);
        var channel = Channels.newChannel(new ByteArrayInputStream(body))) {
      while (claim.remaining() > 0) {
        assertThat(claim.readFrom(channel)).isPositive();
      }
      try (Payload payload = claim.commit()) {
        assertThat(read(payload)).isEqualTo(body);
      }
    }
    for (Payload payload : small) {
      payload.close();
    }
  }

  @Test
  void theEndOfAChannelAndOfAStreamIsTold() throws IOException {
    try (Claim claim = claim(offHeap, 10);
        var channel = Channels.newChannel(InputStream.nullInputStream())) {
      assertThat(claim.readFrom(channel)).isEqualTo(-1);
      assertThat(claim.readFrom(InputStream.nullInputStream())).isEqualTo(-1);
      assertThat(claim.written()).isZero();
    }
  }

  @Test
  void nothingIsWrittenPastTheEnd() throws IOException {
    try (Claim claim = claim(offHeap, 10);
        var channel = Channels.newChannel(InputStream.nullInputStream())) {
      ByteBuffer tooMuch = ByteBuffer.allocate(11);
      refused(() -> claim.append(tooMuch));
      assertThat(tooMuch.position()).isZero();
      assertThat(claim.remaining()).isEqualTo(10);

      claim.append(ByteBuffer.allocate(10));
      claim.append(ByteBuffer.allocate(0));
      refused(() -> claim.append(ByteBuffer.allocate(1)));
      refused(() -> claim.readFrom(InputStream.nullInputStream()));
      refused(() -> claim.readFrom(channel));
    }
  }

  @Test
  void growsOnlyIntoRoomThatIsThere() {
    try (Claim claim = claim(offHeap, 2L * LARGEST);
        Claim other = claim(offHeap, LARGEST - UNIT)) {
      assertThat(claim.grow(UNIT + 1)).isFalse();
      assertThat(claim.grow(Long.MAX_VALUE)).isFalse();
      assertThat(claim.remaining()).isEqualTo(2L * LARGEST);
      assertThat(claim.grow(UNIT)).isTrue();
      assertThat(claim.grow(0)).isTrue();
      assertThat(other.grow(1)).isFalse();
      assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> claim.grow(-1));
    }
  }

  @Test
  void afterCommitNothingIsWrittenAndCloseDoesNothing() {
    Claim claim = claim(offHeap, 10);
    claim.append(ByteBuffer.wrap(new byte[] {1}));
    Payload payload = claim.commit();
    refusesEverything(claim);
    claim.close();
    assertThat(read(payload)).containsExactly(1);
    payload.close();
  }

  @Test
  void afterCloseNothingIsWritten() {
    Claim claim = claim(offHeap, 10);
    claim.close();
    claim.close();
    refusesEverything(claim);
  }

  @Test
  void memoryStaysUntilTheReadThatMeetsACloseIsOver() throws IOException {
    Claim claim = claim(offHeap, UNIT);
    ReadableByteChannel cancelling =
        new ReadableByteChannel() {
          @Override
          public int read(ByteBuffer room) {
            close();
            assertThat(offHeap.usedBytes()).isEqualTo(UNIT);
            room.put((byte) 1);
            return 1;
          }

          @Override
          public boolean isOpen() {
            return true;
          }

          @Override
          public void close() {
            claim.close();
          }
        };
    assertThat(claim.readFrom(cancelling)).isOne();
    assertThat(offHeap.usedBytes()).isZero();
    refusesEverything(claim);
  }

  @Test
  void aStreamThatFailsLeavesWhatWasWritten() throws IOException {
    try (Claim claim = claim(offHeap, 10)) {
      claim.append(ByteBuffer.wrap(new byte[] {7}));
      InputStream broken = InputStream.nullInputStream();
      broken.close();
      assertThatExceptionOfType(IOException.class).isThrownBy(() -> claim.readFrom(broken));
      try (Payload payload = claim.commit()) {
        assertThat(read(payload)).containsExactly(7);
      }
    }
  }

  @Test
  void theDigestOfWhatIsWrittenIsThatOfTheBytesHoweverTheyCome() throws IOException {
    Random random = new Random(9);
    for (int round = 0; round < 50; round++) {
      byte[] body = Seeds.bytes(random, random.nextInt(LARGEST));
      InputStream in = new ByteArrayInputStream(body);
      try (Claim claim = claim(offHeap, body.length);
          ReadableByteChannel channel = Channels.newChannel(in)) {
        claim.digestAsWritten();
        while (claim.remaining() > 0) {
          switch (random.nextInt(3)) {
            case 0 -> claim.readFrom(in);
            case 1 -> claim.readFrom(channel);
            default -> claim.append(ByteBuffer.wrap(in.readNBytes(random.nextInt(100))));
          }
        }
        try (Payload payload = claim.commit();
            Payload second = payload.retain()) {
          assertThat(payload.digest()).isEqualTo(ContentDigest.of(body));
          assertThat(second.digest()).isEqualTo(payload.digest());
        }
      }
    }
  }

  @Test
  void whatIsWrittenAlreadyCannotBeDigestedAsItIsWritten() {
    try (Claim claim = claim(offHeap, 10)) {
      claim.append(ByteBuffer.allocate(1));
      refused(claim::digestAsWritten);
    }
  }

  private static void refusesEverything(Claim claim) {
    refused(claim::written);
    refused(claim::remaining);
    refused(() -> claim.grow(1));
    refused(() -> claim.append(ByteBuffer.allocate(1)));
    refused(() -> claim.readFrom(InputStream.nullInputStream()));
    refused(() -> claim.readFrom(Channels.newChannel(InputStream.nullInputStream())));
    refused(claim::commit);
  }

  private static void refused(ThrowingCallable call) {
    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(call);
  }
}
