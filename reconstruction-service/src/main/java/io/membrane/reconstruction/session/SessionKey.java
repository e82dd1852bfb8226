package io.membrane.reconstruction.session;

/** A session: two tenants may use the same id and have two sessions. */
public record SessionKey(String tenant, String id) {}
