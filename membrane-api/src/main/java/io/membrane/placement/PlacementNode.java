package io.membrane.placement;

/**
 * A live node that fragments can belong to.
 *
 * @param id not blank
 * @param weight its share of the fragments beside the others', in any one unit (say, GiB of
 *     capacity), &gt; 0 and finite
 */
public record PlacementNode(String id, double weight) {

  public PlacementNode {
    if (id.isBlank()) {
      throw new IllegalArgumentException("a node has an id");
    }
    if (!(weight > 0) || !Double.isFinite(weight)) {
      throw new IllegalArgumentException("a weight is finite and above 0, not " + weight);
    }
  }
}
