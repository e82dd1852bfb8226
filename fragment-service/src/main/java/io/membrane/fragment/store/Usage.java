package io.membrane.fragment.store;

/**
 * What a tenant is charged for.
 *
 * @param bytes payload bytes, each name in full
 * @param fragments names
 */
public record Usage(long bytes, long fragments) {}
