package io.membrane.helm;

/** All that holds for whatever the chart becomes. */
final class Rules {

  private Rules() {}

  static void check(Manifests manifests) {
    PodRules.check(manifests);
    ReferenceRules.check(manifests);
    ConfigurationRules.check(manifests);
    AccessRules.check(manifests);
    boolean asksWorkers =
        manifests.properties("scheduler-service").keySet().stream()
            .anyMatch(name -> name.startsWith("membrane.scheduler.profiles."));
    NetworkRules.check(manifests, asksWorkers);
  }
}
