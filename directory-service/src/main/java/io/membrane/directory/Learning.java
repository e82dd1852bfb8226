package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.directory.coaccess.CoAccess;
import io.membrane.directory.feed.NoteReader;
import io.membrane.directory.feed.Notes;
import io.membrane.directory.feed.Notes.DescribedChunk;
import io.membrane.directory.feed.Notes.UsedContext;
import io.membrane.directory.location.Image;
import io.membrane.directory.semantic.Embeddings;
import io.membrane.directory.semantic.IncomingChunks;
import io.membrane.directory.semantic.SameChunks;
import java.util.List;

/** Brings what the log says of blocks to those who learn from it. */
final class Learning implements NoteReader {

  private final Image image;
  private final CoAccess coAccess;
  private final SameChunks same;
  private final IncomingChunks similar;

  Learning(Image image, CoAccess coAccess, SameChunks same, IncomingChunks similar) {
    this.image = image;
    this.coAccess = coAccess;
    this.same = same;
    this.similar = similar;
  }

  @Override
  public void read(Notes notes) {
    notes.contexts().forEach(this::read);
    notes.chunks().forEach(this::read);
  }

  private void read(UsedContext used) {
    List<BlockHash> context = image.context(used.last(), used.domain());
    coAccess.note(used.domain(), used.session(), context);
    image.used(used.last());
  }

  private void read(DescribedChunk chunk) {
    if (chunk.chunkHash() != null) {
      same.put(chunk.namespace(), chunk.domain(), chunk.block(), chunk.chunkHash());
    }
    if (chunk.embedding() != null) {
      similar.put(
          chunk.namespace(), chunk.domain(), chunk.block(), Embeddings.decode(chunk.embedding()));
    }
  }
}
