package io.membrane.directory.kubernetes;

import io.membrane.directory.kubernetes.PodList.Pod;
import io.membrane.rpc.CallContext;
import io.membrane.wire.NamespaceRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a pod says of the engine in it: the label {@value #LABEL} is the port at which it publishes
 * KV events, all else are annotations, since names of models are no values of labels.
 *
 * @param namespace what it says of its blocks' namespace; what it leaves out are the defaults
 */
record LabelledPod(
    String tenant,
    String endpoint,
    @Nullable String replayEndpoint,
    String topic,
    NamespaceRequest namespace,
    int layers) {

  static final String LABEL = "membrane.io/kv-events";

  /**
   * Reads a ready pod.
   *
   * @throws IllegalArgumentException if a number is none
   */
  static LabelledPod of(Pod pod, String address) {
    String replay = pod.annotation("membrane.io/kv-replay");
    return new LabelledPod(
        Objects.requireNonNullElse(
            pod.annotation("membrane.io/tenant"), CallContext.DEFAULT_TENANT),
        endpoint(address, LABEL, Objects.requireNonNull(pod.label(LABEL))),
        replay == null ? null : endpoint(address, "membrane.io/kv-replay", replay),
        Objects.requireNonNullElse(pod.annotation("membrane.io/kv-topic"), ""),
        new NamespaceRequest(
            pod.annotation("membrane.io/model"),
            pod.annotation("membrane.io/revision"),
            pod.annotation("membrane.io/kv-dtype"),
            number(pod, "membrane.io/block-size")),
        Objects.requireNonNullElse(number(pod, "membrane.io/layers"), 1));
  }

  private static String endpoint(String address, String key, String port) {
    String host = address.contains(":") ? "[" + address + "]" : address;
    return "tcp://%s:%d".formatted(host, number(key, port));
  }

  private static @Nullable Integer number(Pod pod, String key) {
    String text = pod.annotation(key);
    return text == null ? null : Integer.valueOf(number(key, text));
  }

  private static int number(String key, String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(key + " is a number, not '" + text + "'", e);
    }
  }
}
