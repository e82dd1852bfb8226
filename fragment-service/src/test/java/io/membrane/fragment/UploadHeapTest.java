package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.UploadWriter;
import io.membrane.wire.FragmentClient.FragmentMeta;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.test.context.TestPropertySource;

/** No body is ever on the heap, neither while it comes in nor while it becomes a fragment. */
@TestPropertySource(
    properties = {
      "membrane.fragment.max-bytes=64MB",
      "membrane.fragment.max-in-flight=64MB",
      "membrane.fragment.memory=0B"
    })
class UploadHeapTest extends RunningService {

  private static final int BYTES = 32 << 20;

  @Autowired private FragmentStore store;

  @Test
  void anUploadOf32MiBAllocatesLessThanAQuarterOfItInAllThreads() throws IOException {
    Random random = new Random(41);
    assertThat(HeapUse.of(() -> upload(FragmentHttp.key(random)))).isLessThan(BYTES / 4);
  }

  private void upload(FragmentKey key) throws IOException {
    FragmentMeta meta =
        new FragmentMeta(Seeds.namespace(16), null, new TokenSpan(0, 16), null, null, false);
    UploadWriter writer = store.uploads().begin("default", key, meta, null, (long) BYTES, 64 << 20);
    new PartReceiver(store).receive(new Endless(BYTES), writer);
    writer.complete(null);
    assertThat(http.head(key).headers().firstValueAsLong("Content-Length")).hasValue(BYTES);
  }

  /** A request whose body is made as it is read. */
  private static final class Endless extends MockHttpServletRequest {

    private final int bytes;

    Endless(int bytes) {
      this.bytes = bytes;
    }

    @Override
    public long getContentLengthLong() {
      return bytes;
    }

    @Override
    public ServletInputStream getInputStream() {
      return new ServletInputStream() {

        private int at;

        @Override
        public int read() {
          return at < bytes ? at++ & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int from, int length) {
          int n = Math.min(length, bytes - at);
          for (int i = 0; i < n; i++) {
            target[from + i] = (byte) ((at + i) >> 8);
          }
          at += n;
          return n == 0 ? -1 : n;
        }

        @Override
        public boolean isFinished() {
          return at == bytes;
        }

        @Override
        public boolean isReady() {
          return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
          throw new UnsupportedOperationException("this stream blocks");
        }
      };
    }
  }
}
