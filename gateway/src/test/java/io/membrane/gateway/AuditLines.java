package io.membrane.gateway;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.membrane.rpc.WireJson;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * The audit log from here on. An answer may be with its caller before its line is written: lines up
 * to that of a request that this begins with belong to what went before.
 */
final class AuditLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {

  private static final String FIRST = "mbr_first";

  private final Logger logger = (Logger) LoggerFactory.getLogger("membrane.audit");
  private final List<String> lines = new CopyOnWriteArrayList<>();

  AuditLines(SecuredGateway gateway) {
    start();
    logger.setLevel(Level.INFO);
    logger.addAppender(this);
    gateway.as(FIRST + "_" + "x".repeat(43), "GET", "/v1/models");
    Awaitility.await().until(() -> lines.stream().anyMatch(line -> line.contains(FIRST)));
    lines.clear();
  }

  @Override
  protected void append(ILoggingEvent event) {
    lines.add(event.getFormattedMessage());
  }

  List<String> lines() {
    return lines;
  }

  /** The line of that number, from 1, once it is written. */
  JsonNode line(int number) {
    Awaitility.await().until(() -> lines.size() >= number);
    return WireJson.mapper().readTree(lines.get(number - 1));
  }

  @Override
  public void close() {
    logger.detachAppender(this);
    logger.setLevel(null);
    stop();
  }
}
