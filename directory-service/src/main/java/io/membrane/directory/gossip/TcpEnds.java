package io.membrane.directory.gossip;

import io.membrane.rpc.PeerTls;
import io.membrane.rpc.TlsRefusal;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.ssl.SslHandler;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.scalecube.cluster.transport.api.Message;
import io.scalecube.cluster.transport.api.Transport;
import io.scalecube.cluster.transport.api.TransportConfig;
import io.scalecube.transport.netty.Receiver;
import io.scalecube.transport.netty.Sender;
import io.scalecube.transport.netty.TransportImpl;
import io.scalecube.transport.netty.TransportImpl.ReceiverContext;
import io.scalecube.transport.netty.TransportImpl.SenderContext;
import java.net.URI;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/**
 * Both ends of ScaleCube's TCP connections. Its own listen at every address; these at one, if told
 * so, and look names up as the rest of the service does.
 *
 * <pre>
 * +-----------------+---------------------+
 * | length, 4 bytes | message             |
 * +-----------------+---------------------+
 * </pre>
 */
final class TcpEnds implements Receiver, Sender {

  private static final int LENGTH_BYTES = 4;

  /** The JDK's: names and addresses as RFC 2818 compares them. */
  private static final String COMPARE_NAMES = "HTTPS";

  private static final String MEMBER = "a member of the gossip";

  private final TransportConfig config;
  private final @Nullable String host;
  private final PeerTls tls;

  private TcpEnds(TransportConfig config, @Nullable String host, PeerTls tls) {
    this.config = config;
    this.host = host;
    this.tls = tls;
  }

  /**
   * A transport that is not bound yet.
   *
   * @param host address at which it listens; null: all
   * @param tls if required, both ends show certificates, and who connects compares the other's
   *     names with the host that it called. Who is connected to does not: it says nothing but by a
   *     connection of its own
   */
  static Transport transport(TransportConfig config, @Nullable String host, PeerTls tls) {
    TcpEnds ends = new TcpEnds(config, host, tls);
    return new TransportImpl(config.messageCodec(), ends, ends, config.addressMapper());
  }

  @Override
  public Mono<DisposableServer> bind() {
    return Mono.deferContextual(view -> {
      ReceiverContext context = view.get(ReceiverContext.class);
      TcpServer server = TcpServer.create().port(config.port());
      return (host == null ? server : server.host(host))
          .runOn(context.loopResources())
          .childOption(ChannelOption.TCP_NODELAY, true)
          .childOption(ChannelOption.SO_KEEPALIVE, true)
          .doOnChannelInit((observer, channel, remote) -> accepted(channel))
          .handle((in, out) -> in.receive().retain().doOnNext(context::onMessage).then())
          .bind()
          .cast(DisposableServer.class);
    });
  }

  @Override
  public Mono<Connection> connect(String address) {
    return Mono.deferContextual(view ->
        TcpClient.newConnection()
            .resolver(DefaultAddressResolverGroup.INSTANCE)
            .runOn(view.get(SenderContext.class).loopResources())
            .host(Transport.parseHost(address))
            .port(Transport.parsePort(address))
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, config.connectTimeout())
            .doOnChannelInit((observer, channel, remote) -> called(channel, address))
            .connect()
            .cast(Connection.class));
  }

  @Override
  public Mono<Void> send(Message message) {
    return Mono.deferContextual(view ->
        view.get(Connection.class)
            .outbound()
            .sendObject(
                Mono.just(message).map(view.get(SenderContext.class).messageEncoder()),
                bytes -> true)
            .then());
  }

  private void accepted(Channel channel) {
    frame(channel);
    if (tls.isRequired()) {
      SSLEngine engine = tls.context().createSSLEngine();
      engine.setUseClientMode(false);
      engine.setNeedClientAuth(true);
      channel.pipeline().addFirst(new SslHandler(engine));
    }
  }

  private void called(Channel channel, String address) {
    frame(channel);
    if (tls.isRequired()) {
      SSLEngine engine =
          tls.context().createSSLEngine(Transport.parseHost(address), Transport.parsePort(address));
      engine.setUseClientMode(true);
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm(COMPARE_NAMES);
      engine.setSSLParameters(parameters);
      SslHandler handler = new SslHandler(engine);
      channel.pipeline().addFirst(handler);
      handler
          .handshakeFuture()
          .addListener(handshake -> {
            if (handshake.cause() != null) {
              refused(address, handshake.cause());
            }
          });
    }
  }

  private void refused(String address, Throwable failure) {
    TlsRefusal refusal = TlsRefusal.in(failure);
    if (refusal != null) {
      var _ = tls.refused(MEMBER, URI.create("tls://" + address), refusal, failure);
    }
  }

  private void frame(Channel channel) {
    channel
        .pipeline()
        .addFirst(
            new LengthFieldPrepender(LENGTH_BYTES),
            new LengthFieldBasedFrameDecoder(
                config.maxFrameLength(), 0, LENGTH_BYTES, 0, LENGTH_BYTES));
  }
}
