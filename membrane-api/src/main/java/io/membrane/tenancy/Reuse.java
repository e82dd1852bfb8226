package io.membrane.tenancy;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How far the KV that a tenant's requests reuse may be from what a prefill gives. */
public enum Reuse {
  /** What a prefill gives. */
  @JsonProperty("exact")
  EXACT,
  /** Also that of the same tokens at other places, where a request asks for it. */
  @JsonProperty("shifted")
  SHIFTED,
  /** Also that of similar tokens. */
  @JsonProperty("approximate")
  APPROXIMATE
}
