package io.membrane.fragment.connector;

import org.apache.coyote.http11.Http11NioProtocol;

/**
 * HTTP/1.1 whose blocking writes of large direct buffers are not copied. Everything else, and every
 * TLS connection, is Tomcat's own. Public and without arguments because Tomcat makes it by name.
 */
public final class DirectWriteProtocol extends Http11NioProtocol {

  public DirectWriteProtocol() {
    this(new DirectWriteEndpoint());
  }

  DirectWriteProtocol(DirectWriteEndpoint endpoint) {
    super(endpoint);
  }
}
