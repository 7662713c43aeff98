package dev.headrace.worker.loop;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The requests with rows on the device, oldest first, and what of them the crash ledger was not
 * told. Batches end in about the order in which they began, so the ledger is told how many of its
 * oldest names are over and which are new: a request costs two small changes, however many others
 * run beside it.
 */
final class RunningNames {
  /** Names that are over, and behind one that is not, that are kept beside as many as run. */
  private static final int SPARE = 256;

  private final Map<String, Name> names = new LinkedHashMap<>();
  private final List<String> fresh = new ArrayList<>();
  private int running;

  /** A request, as the crash ledger names it, and how many of its rows are on the device. */
  static final class Name {
    private final String text;
    private int rows;

    private Name(String text) {
      this.text = text;
    }
  }

  /**
   * What became of the ledger's names.
   *
   * @param gone of its oldest, those that are over
   * @param come those that are new
   */
  record Change(int gone, List<String> come) {}

  /** A row of this request comes to the device. */
  Name join(String request) {
    Name name = names.get(request);
    if (name == null) {
      name = new Name(request);
      names.put(request, name);
      fresh.add(request);
    }
    if (name.rows++ == 0) {
      running++;
    }
    return name;
  }

  /** A row of it left. */
  void leave(Name name) {
    if (--name.rows == 0) {
      running--;
    }
  }

  /** How many requests have rows on the device. */
  int running() {
    return running;
  }

  /** How many names the ledger has when it was told all. */
  int size() {
    return names.size();
  }

  /** Whether there is something of which the ledger was not told. */
  boolean hasNew() {
    return !fresh.isEmpty();
  }

  /** Whether so many are over that the ledger should rather be told all anew. */
  boolean stale() {
    return names.size() > 2 * running + SPARE;
  }

  /** What the ledger is to be told if it was told everything so far. */
  Change change() {
    List<String> come = List.copyOf(fresh);
    fresh.clear();
    int known = names.size() - come.size();
    int gone = 0;
    Iterator<Name> oldest = names.values().iterator();
    while (gone < known && oldest.next().rows == 0) {
      oldest.remove();
      gone++;
    }
    return new Change(gone, come);
  }

  /** All that have rows on the device, for a ledger that is told anew. */
  List<String> all() {
    fresh.clear();
    names.values().removeIf(n -> n.rows == 0);
    return names.values().stream().map(n -> n.text).toList();
  }
}
