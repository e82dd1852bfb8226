package io.membrane.worker.prefill;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The few opcodes of Python's pickle protocol 2 that a TorchScript module needs. */
final class Pickle {

  private static final int PROTO = 0x80;
  private static final int EMPTY_TUPLE = ')';
  private static final int EMPTY_DICT = '}';
  private static final int GLOBAL = 'c';
  private static final int NEWOBJ = 0x81;
  private static final int MARK = '(';
  private static final int SETITEMS = 'u';
  private static final int BUILD = 'b';
  private static final int BINUNICODE = 'X';
  private static final int BININT1 = 'K';
  private static final int BINFLOAT = 'G';
  private static final int NEWTRUE = 0x88;
  private static final int NEWFALSE = 0x89;
  private static final int TUPLE2 = 0x86;
  private static final int REDUCE = 'R';
  private static final int STOP = '.';

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  Pickle() {
    op(PROTO).op(2);
  }

  /** Begins an object; name and value of each attribute follow, then {@link #endObject}. */
  Pickle beginObject(String module, String name) {
    return global(module, name).op(EMPTY_TUPLE).op(NEWOBJ).op(EMPTY_DICT).op(MARK);
  }

  Pickle endObject() {
    return op(SETITEMS).op(BUILD);
  }

  Pickle emptyTuple() {
    return op(EMPTY_TUPLE);
  }

  /** An empty dictionary that carries its TorchScript type. */
  Pickle emptyDict(String type) {
    return global("torch.jit._pickle", "restore_type_tag")
        .op(EMPTY_DICT)
        .text(type)
        .op(TUPLE2)
        .op(REDUCE);
  }

  Pickle text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer length = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    op(BINUNICODE);
    out.writeBytes(length.putInt(utf8.length).array());
    out.writeBytes(utf8);
    return this;
  }

  Pickle flag(boolean value) {
    return op(value ? NEWTRUE : NEWFALSE);
  }

  Pickle zero() {
    return op(BININT1).op(0);
  }

  Pickle number(double value) {
    op(BINFLOAT);
    out.writeBytes(ByteBuffer.allocate(Double.BYTES).putDouble(value).array());
    return this;
  }

  byte[] end() {
    return op(STOP).out.toByteArray();
  }

  private Pickle global(String module, String name) {
    op(GLOBAL);
    out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  private Pickle op(int opcode) {
    out.write(opcode);
    return this;
  }
}
