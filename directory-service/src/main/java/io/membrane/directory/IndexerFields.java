package io.membrane.directory;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Fields that indexers' requests have in common. */
final class IndexerFields {

  private static final int U64_BITS = 64;
  private static final String ONLY_GROUP = "default";

  private IndexerFields() {}

  /**
   * Which model is meant, as its name is written here or there.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if it is not named
   */
  static String model(@Nullable String first, @Nullable String second, @Nullable String third) {
    String model = modelOrNull(first, second, third);
    if (model == null) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "name the model: model_name for an answer in Dynamo's shape, model or modelname for one"
              + " in Mooncake's");
    }
    return model;
  }

  static @Nullable String modelOrNull(
      @Nullable String first, @Nullable String second, @Nullable String third) {
    return first != null ? first : second != null ? second : third;
  }

  /**
   * Checks that a request is the caller's own.
   *
   * @param tenantId as the body has it; null or empty for the caller's
   * @param routingGroup as the body has it; null or empty for the only one
   */
  static void check(@Nullable String tenantId, @Nullable String routingGroup) {
    String tenant = CallContext.tenantOfCall();
    if (tenantId != null && !tenantId.isEmpty() && !tenantId.equals(tenant)) {
      throw new MembraneException(
          ErrorCode.FORBIDDEN,
          "tenant_id is not the tenant of this call, which is "
              + tenant
              + "; leave it out, or call as that tenant");
    }
    if (routingGroup != null && !routingGroup.isEmpty() && !routingGroup.equals(ONLY_GROUP)) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "there are no routing groups; leave routing_group out, or register each group's engines"
              + " for a tenant of its own");
    }
  }

  /**
   * An instance's name as text; null if it is absent.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if it is neither text nor an
   *     unsigned 64-bit number
   */
  static @Nullable String instance(@Nullable JsonNode id) {
    if (id == null || id.isNull()) {
      return null;
    }
    if (id.isString()) {
      return id.asString();
    }
    if (id.isIntegralNumber()) {
      BigInteger number = id.bigIntegerValue();
      if (number.signum() >= 0 && number.bitLength() <= U64_BITS) {
        return number.toString();
      }
    }
    throw new MembraneException(
        ErrorCode.MALFORMED_REQUEST, "instance_id is text, or a number of 0 to 2^64 - 1");
  }

  /** An instance's name as text. */
  static String requiredInstance(@Nullable JsonNode id) {
    String instance = instance(id);
    if (instance == null) {
      throw new MembraneException(ErrorCode.MALFORMED_REQUEST, "instance_id is missing");
    }
    return instance;
  }

  static @Nullable String nullIfEmpty(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
  }
}
