package io.membrane.directory.feed;

/** Is told what callers said of blocks, in the log's order, by the thread that writes the image. */
public interface NoteReader {

  /**
   * Takes notes in. An exception is counted and logged, and the notes are passed over.
   *
   * @param notes whose parts anybody may have written
   */
  void read(Notes notes);
}
