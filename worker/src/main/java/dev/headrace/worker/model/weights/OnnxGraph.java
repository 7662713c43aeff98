package dev.headrace.worker.model.weights;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is needed of an ONNX file: its initialisers and how its nodes are connected. Field numbers
 * are those of {@code onnx.proto} (github.com/onnx/onnx, IR version 3 and later).
 */
record OnnxGraph(Map<String, Tensor> initialisers, List<Node> nodes) {
  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALISER = 5;
  private static final int MAX_NAME = 4096;
  private static final int MAX_RANK = 8;

  /** Limits what a hostile file can make us keep; real encoders have some thousands. */
  private static final int MAX_ENTRIES = 1_000_000;

  record Node(String type, List<String> inputs, List<String> outputs) {}

  static OnnxGraph read(ByteRegion file) throws MalformedModelException {
    ProtoReader model = new ProtoReader(file);
    OnnxGraph graph = null;
    for (int field = model.next(); field != 0; field = model.next()) {
      if (field == MODEL_GRAPH) {
        graph = graph(file, model.message());
      } else {
        model.skip();
      }
    }
    if (graph == null) {
      throw new MalformedModelException(file.name() + ": no graph (expected: an ONNX model)");
    }
    return graph;
  }

  private static OnnxGraph graph(ByteRegion file, ProtoReader in) throws MalformedModelException {
    Map<String, Tensor> initialisers = new LinkedHashMap<>();
    List<Node> nodes = new ArrayList<>();
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case GRAPH_NODE -> nodes.add(node(in.message()));
        case GRAPH_INITIALISER -> initialiser(file, in.message(), initialisers);
        default -> in.skip();
      }
      if (nodes.size() + initialisers.size() > MAX_ENTRIES) {
        throw in.malformed("more than " + MAX_ENTRIES + " nodes and initialisers");
      }
    }
    return new OnnxGraph(initialisers, nodes);
  }

  private static Node node(ProtoReader in) throws MalformedModelException {
    String type = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> inputs.add(in.string(MAX_NAME));
        case 2 -> outputs.add(in.string(MAX_NAME));
        case 4 -> type = in.string(MAX_NAME);
        default -> in.skip();
      }
      if (inputs.size() + outputs.size() > MAX_ENTRIES) {
        throw in.malformed("a node with more than " + MAX_ENTRIES + " inputs and outputs");
      }
    }
    return new Node(type, inputs, outputs);
  }

  /** Reads a TensorProto. Types that are not supported, which weights never have, are left out. */
  private static void initialiser(ByteRegion file, ProtoReader in, Map<String, Tensor> into)
      throws MalformedModelException {
    List<Long> dims = new ArrayList<>();
    String name = "";
    ElementType type = null;
    ProtoReader raw = null;
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> dims(in, dims);
        case 2 -> type = elementType(in.varint());
        case 4, 9 -> raw = in.message();
        case 8 -> name = in.string(MAX_NAME);
        case 14 -> {
          if (in.varint() != 0) {
            throw in.malformed("tensor " + name + " has its data in another file (not supported)");
          }
        }
        default -> in.skip();
      }
    }
    if (type == null || raw == null) {
      return;
    }
    into.put(name, tensor(file, name, type, dims, raw));
  }

  private static Tensor tensor(
      ByteRegion file, String name, ElementType type, List<Long> dims, ProtoReader raw)
      throws MalformedModelException {
    long bytes = type.bytes();
    for (long size : dims) {
      if (size < 0 || (size > 0 && bytes > Long.MAX_VALUE / size)) {
        throw raw.malformed("tensor " + name + ": shape " + dims + " (expected: sizes >= 0)");
      }
      bytes *= size;
    }
    if (bytes != raw.remaining()) {
      throw raw.malformed(
          "tensor "
              + name
              + " "
              + dims
              + ": "
              + raw.remaining()
              + " bytes (expected: "
              + bytes
              + ")");
    }
    long[] shape = dims.stream().mapToLong(Long::longValue).toArray();
    return new StoredTensor(file, raw.position(), type, shape);
  }

  private static void dims(ProtoReader in, List<Long> into) throws MalformedModelException {
    if (in.wireType() == ProtoReader.LENGTH) {
      ProtoReader packed = in.message();
      while (!packed.atEnd() && into.size() <= MAX_RANK) {
        into.add(packed.packedVarint());
      }
    } else {
      into.add(in.varint());
    }
    if (into.size() > MAX_RANK) {
      throw in.malformed("a tensor of more than " + MAX_RANK + " dimensions");
    }
  }

  /** TensorProto.DataType. */
  private static @Nullable ElementType elementType(long code) {
    if (code == 1) {
      return ElementType.FLOAT32;
    } else if (code == 2) {
      return ElementType.UINT8;
    } else if (code == 3) {
      return ElementType.INT8;
    } else if (code == 6) {
      return ElementType.INT32;
    } else if (code == 7) {
      return ElementType.INT64;
    } else if (code == 9) {
      return ElementType.BOOL;
    } else if (code == 10) {
      return ElementType.FLOAT16;
    } else if (code == 16) {
      return ElementType.BFLOAT16;
    }
    return null;
  }
}
