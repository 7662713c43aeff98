package dev.headrace.worker.engine;

import dev.headrace.worker.engine.Grouping.Group;
import dev.headrace.worker.text.TokenizedText;
import java.nio.IntBuffer;
import java.util.List;

/**
 * A group of rows as one stretch of int32, as {@code StagedModel} reads it: ids, lengths, places of
 * the real tokens, types.
 *
 * @param rows in the group
 * @param tokens of each row, padding included
 * @param packed real tokens in all, or 0 where no row is padded
 * @param typed whether types stand at the end
 */
record CudaLayout(int rows, int tokens, int packed, boolean typed) {
  /** Room that is enough for a group. */
  static int ints(Group group) {
    int cells = Math.multiplyExact(group.rows().size(), group.tokens());
    return Math.addExact(Math.multiplyExact(cells, 3), group.rows().size());
  }

  /** Writes a group from the start of {@code data} on. */
  static CudaLayout fill(IntBuffer data, List<TokenizedText> texts, Group group) {
    int rows = group.rows().size();
    int tokens = group.tokens();
    int packed = 0;
    boolean typed = false;
    for (int row : group.rows()) {
      int[] ids = texts.get(row).ids();
      data.put(ids);
      for (int i = ids.length; i < tokens; i++) {
        data.put(0);
      }
      packed += ids.length;
      typed |= texts.get(row).types().length > 0;
    }
    for (int row : group.rows()) {
      data.put(texts.get(row).tokens());
    }
    packed = packed == rows * tokens ? 0 : packed;
    if (packed > 0) {
      places(data, texts, group);
    }
    if (typed) {
      types(data, texts, group);
    }
    return new CudaLayout(rows, tokens, packed, typed);
  }

  private static void places(IntBuffer data, List<TokenizedText> texts, Group group) {
    int first = 0;
    for (int row : group.rows()) {
      int length = texts.get(row).tokens();
      for (int i = 0; i < length; i++) {
        data.put(first + i);
      }
      first += group.tokens();
    }
  }

  private static void types(IntBuffer data, List<TokenizedText> texts, Group group) {
    for (int row : group.rows()) {
      int[] types = texts.get(row).types();
      for (int i = 0; i < group.tokens(); i++) {
        data.put(i < types.length ? types[i] : 0);
      }
    }
  }

  /** Elements that were written. */
  int used() {
    int cells = rows * tokens;
    return cells + rows + packed + (typed ? cells : 0);
  }
}
