package io.membrane.reconstruction.plan;

/** What is known of links. */
@FunctionalInterface
public interface Links {

  Pace pace(Link link);
}
