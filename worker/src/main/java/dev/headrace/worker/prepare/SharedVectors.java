package dev.headrace.worker.prepare;

import dev.headrace.worker.device.ServedModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The vectors of texts that many requests share, such as label descriptions: each text is run once
 * and its vector kept, the least recently used is dropped first. Requests that need a vector under
 * way wait for it here. Not thread-safe: {@link Preparer} guards it.
 */
final class SharedVectors {
  private record Key(String model, String revision, String text) {
    static Key of(ServedModel model, String text) {
      return new Key(model.name(), model.revision(), text);
    }
  }

  /** A response that waits for vectors. */
  static final class Parked {
    private final ToRender request;
    private final Map<Key, float[]> have = new HashMap<>();
    private final Set<Key> need = new LinkedHashSet<>();

    private Parked(ToRender request) {
      this.request = request;
    }

    ToRender request() {
      return request;
    }

    private boolean complete() {
      return need.isEmpty();
    }

    /** One vector per shared text; complete. */
    List<float[]> vectors() {
      List<float[]> vectors = new ArrayList<>();
      for (String text : request.work().sharedTexts()) {
        float[] vector = have.get(Key.of(request.model(), text));
        if (vector == null) {
          throw new IllegalStateException("vector still missing job=" + request.job());
        }
        vectors.add(vector);
      }
      return vectors;
    }
  }

  private final LinkedHashMap<Key, float[]> known;
  private final Map<Key, List<Parked>> pending = new HashMap<>();

  SharedVectors(int capacity) {
    this.known =
        new LinkedHashMap<>(64, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<Key, float[]> eldest) {
            return size() > capacity;
          }
        };
  }

  /** Which of these texts must be run; from now on they are under way. */
  List<String> claim(ServedModel model, List<String> texts) {
    List<String> missing = new ArrayList<>();
    for (String text : texts) {
      Key key = Key.of(model, text);
      if (!known.containsKey(key) && pending.putIfAbsent(key, new ArrayList<>()) == null) {
        missing.add(text);
      }
    }
    return missing;
  }

  /** The request with its vectors if they are all there, else null: it is parked until they are. */
  @Nullable Parked ready(ToRender request) {
    Parked parked = new Parked(request);
    for (String text : request.work().sharedTexts()) {
      Key key = Key.of(request.model(), text);
      float[] vector = known.get(key);
      if (vector != null) {
        parked.have.put(key, vector);
      } else if (parked.need.add(key)) {
        pending.computeIfAbsent(key, k -> new ArrayList<>()).add(parked);
      }
    }
    return parked.complete() ? parked : null;
  }

  /** Takes vectors that came in; returns the requests that are complete now. */
  List<Parked> arrived(ServedModel model, List<String> texts, List<float[]> vectors) {
    List<Parked> complete = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      Key key = Key.of(model, texts.get(i));
      known.put(key, vectors.get(i));
      for (Parked parked : waiting(key)) {
        parked.have.put(key, vectors.get(i));
        parked.need.remove(key);
        if (parked.complete()) {
          complete.add(parked);
        }
      }
    }
    return complete;
  }

  /** Gives up texts that could not be run; returns the requests that cannot be answered. */
  Set<Parked> failed(ServedModel model, List<String> texts) {
    Set<Parked> lost = new LinkedHashSet<>();
    for (String text : texts) {
      lost.addAll(waiting(Key.of(model, text)));
    }
    for (Parked parked : lost) {
      parked.need.forEach(k -> pending.getOrDefault(k, new ArrayList<>()).remove(parked));
    }
    return lost;
  }

  private List<Parked> waiting(Key key) {
    List<Parked> waiting = pending.remove(key);
    return waiting == null ? List.of() : waiting;
  }
}
