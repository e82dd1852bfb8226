package io.membrane.fragment.membrain;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which keys describe which data, by the names that clients of the Membrain protocol give them.
 * They are asked for first, and what they describe is then taken to be there.
 *
 * <pre>
 *  data                              its metadata
 *  data:&lt;n&gt;                          meta:&lt;n&gt;
 *  &lt;h&gt;_layer_&lt;i&gt;_chunk_&lt;j&gt;           &lt;h&gt;_layer_&lt;i&gt;_chunks_meta, &lt;h&gt;_layer_&lt;i&gt;_meta,
 *                                    &lt;h&gt;_chunks_meta, &lt;h&gt;_meta
 *  &lt;h&gt;_chunk_&lt;j&gt;                     &lt;h&gt;_chunks_meta, &lt;h&gt;_meta
 *  &lt;h&gt;_layer_&lt;i&gt;                     &lt;h&gt;_layer_&lt;i&gt;_meta, &lt;h&gt;_meta
 *  any other &lt;key&gt;                   &lt;key&gt;:meta, &lt;key&gt;_meta
 *  meta:…, …:meta, …_meta            none: it is metadata
 * </pre>
 */
final class Metadata {

  private static final String DATA = "data:";
  private static final String META = "meta:";
  private static final Pattern CHUNK = Pattern.compile("(.+)_chunk_\\d+", Pattern.DOTALL);
  private static final Pattern LAYER = Pattern.compile("(.+)_layer_\\d+", Pattern.DOTALL);

  private Metadata() {}

  /** The keys that describe what is under {@code key}, whether they are there or not. */
  static List<String> of(String key) {
    if (key.startsWith(META) || key.endsWith(":meta") || key.endsWith("_meta")) {
      return List.of();
    }
    if (key.startsWith(DATA)) {
      return List.of(META + key.substring(DATA.length()));
    }
    Matcher chunk = CHUNK.matcher(key);
    if (chunk.matches()) {
      String whole = chunk.group(1);
      Matcher layer = LAYER.matcher(whole);
      return layer.matches() ? all(whole, layer.group(1)) : all(whole);
    }
    Matcher layer = LAYER.matcher(key);
    return layer.matches()
        ? List.of(key + "_meta", layer.group(1) + "_meta")
        : List.of(key + ":meta", key + "_meta");
  }

  private static List<String> all(String... wholes) {
    return List.of(wholes).stream()
        .flatMap(whole -> List.of(whole + "_chunks_meta", whole + "_meta").stream())
        .toList();
  }
}
