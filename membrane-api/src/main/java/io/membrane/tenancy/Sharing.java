package io.membrane.tenancy;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Who may see what a tenant stores. */
public enum Sharing {
  /** The tenant alone. */
  @JsonProperty("isolated")
  ISOLATED,
  /** Every tenant whose policy names the same group. */
  @JsonProperty("group")
  GROUP,
  /** Every tenant whose policy says so too. */
  @JsonProperty("public")
  PUBLIC
}
