package io.membrane.fragment.store;

import io.lettuce.core.protocol.CommandEncoder;
import io.lettuce.core.protocol.RedisCommand;
import io.lettuce.core.resource.NettyCustomizer;
import io.membrane.fragment.offheap.Payload;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Lets payloads leave for Redis from where they lie: Lettuce's own encoder, which this stands
 * before, copies all of a command into one buffer. A payload is held until the socket has taken it,
 * also if nobody waits for the answer any more.
 */
public final class PayloadWrites implements NettyCustomizer {

  @Override
  public void afterChannelInitialized(Channel channel) {
    ChannelHandlerContext encoder = channel.pipeline().context(CommandEncoder.class);
    channel.pipeline().addAfter(encoder.name(), PayloadWrites.class.getName(), new Handler());
  }

  private static final class Handler extends ChannelOutboundHandlerAdapter {

    private @Nullable ChannelHandlerContext encoder;

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      encoder = context.pipeline().context(CommandEncoder.class);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
      if (message instanceof RedisCommand<?, ?, ?> command
          && command.getArgs() instanceof PayloadArgs arguments) {
        Payload lease = arguments.lease();
        if (lease != null) {
          ChannelPromise taken = promise.unvoid();
          taken.addListener(done -> lease.close());
          var _ =
              Objects.requireNonNull(encoder)
                  .write(encoded(context, command, arguments, lease), taken);
          return;
        }
      }
      // Commands that are sent together, after a reconnect, and what fails are the encoder's.
      var _ = context.write(message, promise);
    }

    private static ByteBuf encoded(
        ChannelHandlerContext context,
        RedisCommand<?, ?, ?> command,
        PayloadArgs arguments,
        Payload payload) {
      ByteBuf around = context.alloc().ioBuffer();
      int hole = arguments.encodeAround(command, around);
      ByteBuf bytes = Unpooled.wrappedBuffer(payload.buffers(0, payload.length()));
      ByteBuf end = around.retainedSlice(hole, around.writerIndex() - hole);
      return Unpooled.wrappedUnmodifiableBuffer(around.writerIndex(hole), bytes, end);
    }
  }
}
