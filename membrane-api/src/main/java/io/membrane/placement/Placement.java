package io.membrane.placement;

import io.membrane.block.BlockHash;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Which of the live nodes a fragment belongs to: rendezvous, or highest random weight, hashing (D.
 * Thaler and C. Ravishankar, "Using name-based mappings to increase hit rates", 1998). A node draws
 * −ln(u) / weight for a hash, with u uniform in (0, 1) from hash and node; the homes are those with
 * the least draws, so that the first home is a node with probability weight / sum of weights (C.
 * Schindelhauer and G. Schomaker, "Weighted distributed hash tables", 2005). When a node comes or
 * goes, or its weight changes, only hashes move that it gains or loses, and homes after a lost one
 * move up.
 *
 * <p>The same on every machine, in whatever order the nodes were given. Whoever names blocks can
 * name many for one node: placement spreads load, it does not guard against it. Immutable.
 */
public final class Placement {

  private static final double UNIT = 0x1.0p-53;

  private final String[] ids;
  private final long[] seeds;
  private final double[] weights;

  /**
   * Placement over these nodes.
   *
   * @throws IllegalArgumentException if two have the same id
   */
  public Placement(Collection<PlacementNode> nodes) {
    List<PlacementNode> ordered =
        nodes.stream().sorted(Comparator.comparing(PlacementNode::id)).toList();
    ids = ordered.stream().map(PlacementNode::id).toArray(String[]::new);
    weights = ordered.stream().mapToDouble(PlacementNode::weight).toArray();
    seeds = Arrays.stream(ids).mapToLong(Placement::seed).toArray();
    for (int i = 1; i < ids.length; i++) {
      if (ids[i].equals(ids[i - 1])) {
        throw new IllegalArgumentException("two nodes are called " + ids[i]);
      }
    }
  }

  /**
   * The nodes that a block's fragments belong to, the first home first; all nodes if there are
   * fewer than {@code replicas}. O(nodes × replicas), next to nothing on the heap.
   *
   * @param replicas ≥ 1
   */
  public List<String> homes(BlockHash hash, int replicas) {
    if (replicas < 1) {
      throw new IllegalArgumentException("a fragment has at least 1 home, not " + replicas);
    }
    int most = Math.min(replicas, ids.length);
    double[] least = new double[most];
    int[] homes = new int[most];
    int found = 0;
    for (int node = 0; node < ids.length; node++) {
      double draw = draw(hash, node);
      int at = found;
      while (at > 0 && draw < least[at - 1]) {
        at--;
      }
      if (at == most) {
        continue;
      }
      found = Math.min(found + 1, most);
      System.arraycopy(least, at, least, at + 1, found - at - 1);
      System.arraycopy(homes, at, homes, at + 1, found - at - 1);
      least[at] = draw;
      homes[at] = node;
    }
    List<String> names = new ArrayList<>(found);
    for (int home : homes) {
      names.add(ids[home]);
    }
    return List.copyOf(names);
  }

  /** {@link StrictMath}, as all machines must agree to the last bit. */
  private double draw(BlockHash hash, int node) {
    double u = ((hash.mixed(seeds[node]) >>> 11) + 0.5) * UNIT;
    return -StrictMath.log(u) / weights[node];
  }

  private static long seed(String id) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      return BlockHash.of(sha.digest(id.getBytes(StandardCharsets.UTF_8))).w0();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
