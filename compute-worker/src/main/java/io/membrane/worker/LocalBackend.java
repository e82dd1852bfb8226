package io.membrane.worker;

import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** The worker computes itself. */
final class LocalBackend implements Condition {

  static final String PROPERTY = "membrane.worker.backend";
  static final String WORD = "local";

  @Override
  public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
    return WORD.equals(context.getEnvironment().getProperty(PROPERTY, WORD));
  }
}
