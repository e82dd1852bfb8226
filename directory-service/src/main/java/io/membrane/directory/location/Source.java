package io.membrane.directory.location;

/**
 * Whose events they are: a node's within one sharing domain. Two clusters may each have a node of
 * the same name, and what one tenant says of a node changes nothing of another's.
 */
public record Source(String cluster, String node, String domain) {}
