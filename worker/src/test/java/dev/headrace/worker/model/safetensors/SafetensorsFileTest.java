package dev.headrace.worker.model.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headrace.worker.model.weights.ElementType;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {
  private static final String RESOURCES = "/reference/safetensors/";

  @Test
  void reads_every_float_type_that_the_reference_library_wrote() throws Exception {
    SafetensorsFile file = SafetensorsFile.map(resource("types.safetensors"));
    JsonNode expected = new ObjectMapper().readTree(resource("types.json").toFile());
    assertThat(file.names())
        .hasSize(expected.get("shapes").size())
        .allSatisfy(
            name -> {
              JsonNode shape = expected.get("shapes").get(name);
              assertThat(file.shape(name).orElseThrow())
                  .isEqualTo(new ObjectMapper().convertValue(shape, long[].class));
            });
    for (Map.Entry<String, JsonNode> floats : expected.get("floats").properties()) {
      float[] values = file.find(floats.getKey()).orElseThrow().toFloats();
      assertThat(values).as(floats.getKey()).hasSize(floats.getValue().size());
      for (int i = 0; i < values.length; i++) {
        String text = floats.getValue().get(i).textValue().replace("inf", "Infinity");
        assertThat(values[i]).as(floats.getKey()).isEqualTo((float) Double.parseDouble(text));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"i64, INT64", "i32, INT32", "i8, INT8", "u8, UINT8", "bool, BOOL"})
  void finds_whole_numbers_without_reading_them_as_floats(String name, ElementType type)
      throws Exception {
    Tensor tensor = SafetensorsFile.map(resource("types.safetensors")).find(name).orElseThrow();
    assertThat(tensor.type()).isEqualTo(type);
  }

  @ParameterizedTest
  @ValueSource(strings = {"f64", "i16", "f8_e4m3", "f8_e5m2"})
  void names_tensor_and_type_that_it_cannot_read(String name) throws Exception {
    SafetensorsFile file = SafetensorsFile.map(resource("types.safetensors"));
    assertThatThrownBy(() -> file.find(name))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("types.safetensors: tensor " + name + " is of type ")
        .hasMessageContaining("(expected: F32, F16, BF16, ");
  }

  @Test
  void a_type_from_the_future_does_not_keep_others_from_being_read() throws Exception {
    SafetensorsFile file =
        SafetensorsBytes.read(
            SafetensorsBytes.of(
                "{'a':{'dtype':'F2','shape':[9],'data_offsets':[0,3],'new':[{}]},"
                    + "'b':{'dtype':'U8','shape':[2],'data_offsets':[3,5]},"
                    + "'__metadata__':{'format':'pt'}}  ",
                5));
    assertThat(file.find("b")).isPresent();
    assertThat(file.find("c")).isEmpty();
    assertThatThrownBy(() -> file.find("a")).hasMessageContaining("is of type F2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "F32 | [2]       | 0,4         | 4 bytes (expected: what F32[2] takes)",
        "F32 | [1]       | 0,8         | data_offsets [0, 8] (expected: ascending, within 4 bytes)",
        "F32 | [1]       | 4,0         | data_offsets [4, 0] (expected: ascending",
        "F32 | [0]       | 4,4         | begins at 4 (expected: 0, no hole or overlap)",
        "U8  | [3]       | 0,3         | the tensors end at 3 (expected: 4, the end of the file)",
        "U8  | [3]       | 1,4         | begins at 1 (expected: 0, no hole or overlap)",
        "F32 | [-1]      | 0,4         | shape: -1 (expected: >= 0)",
        "F32 | [1.0]     | 0,4         | shape: VALUE_NUMBER_FLOAT (expected: VALUE_NUMBER_INT)",
        "F32 | ['1']     | 0,4         | shape: VALUE_STRING (expected: VALUE_NUMBER_INT)",
        "F32 | 1         | 0,4         | shape: VALUE_NUMBER_INT (expected: START_ARRAY)",
        "F32 | [1]       | 0           | two data_offsets",
        "F32 | [1]       | 0,4,4       | two data_offsets",
        "F32 | [99999999999999999999] | 0,4 | out of range of long",
        "F32 | [4611686018427387904,4] | 0,4 | 4 bytes (expected: what F32",
        "F32 | [9223372036854775807,9223372036854775807,0] | 0,0 | 0 bytes (expected: what F32",
        "F32 | [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1] | 0,4 | more than 16 numbers",
        "F4  | [1]       | 0,1         | 1 bytes (expected: what F4[1] takes)",
      })
  void names_tensor_and_fault_of_an_entry(String type, String shape, String offsets, String fault) {
    byte[] file =
        SafetensorsBytes.of(
            "{'w':{'dtype':'%s','shape':%s,'data_offsets':[%s]}}".formatted(type, shape, offsets),
            4);
    assertThatThrownBy(() -> SafetensorsBytes.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageStartingWith("x.safetensors: header: ")
        .hasMessageContaining(fault);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]                                   | the header: START_ARRAY",
        "{'__metadata__':{'a':1}}             | __metadata__: VALUE_NUMBER_INT",
        "{'__metadata__':[]}                  | __metadata__: START_ARRAY",
        "{'w':null}                           | tensor w: VALUE_NULL",
        "{'w':{'dtype':'F32','shape':[]}}     | dtype, shape and two data_offsets",
        "{'w':{'dtype':7}}                    | tensor w: dtype: VALUE_NUMBER_INT",
        "{'w':{},'w':{}}                      | dtype, shape and two data_offsets",
        "{'__metadata__':{'a':'b','a':'c'}}   | Duplicate field 'a'",
        "{'w':{'x':[[[[[[[[]]]]]]]]}}         | depth (9) exceeds",
        "{}{}                                 | more text behind the JSON document",
      })
  void names_the_fault_of_a_header(String header, String fault) {
    assertThatThrownBy(() -> SafetensorsBytes.read(SafetensorsBytes.of(header, 0)))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(fault);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 3, 1_000, Integer.MAX_VALUE, Long.MAX_VALUE, -1, Long.MIN_VALUE})
  void checks_the_length_of_the_header_before_it_takes_memory(long length) {
    byte[] file = SafetensorsBytes.of("{}", 0);
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
    assertThatThrownBy(() -> SafetensorsBytes.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage(
            "x.safetensors: header length: %s (expected: 2..2)"
                .formatted(Long.toUnsignedString(length)));
    assertThatThrownBy(() -> SafetensorsBytes.read(new byte[7]))
        .hasMessageContaining("7 bytes (expected: a safetensors file, at least 8)");
  }

  @Test
  void overlapping_tensors_are_refused() {
    byte[] file =
        SafetensorsBytes.of(
            "{'a':{'dtype':'U8','shape':[3],'data_offsets':[0,3]},"
                + "'b':{'dtype':'U8','shape':[3],'data_offsets':[1,4]}}",
            4);
    assertThatThrownBy(() -> SafetensorsBytes.read(file))
        .hasMessageContaining("tensor b: begins at 1 (expected: 3, no hole or overlap)");
  }

  @Test
  void reads_a_tensor_that_lies_behind_the_first_two_gibibytes(@TempDir Path folder)
      throws Exception {
    long gap = 3L << 30;
    String header =
        "{'gap':{'dtype':'U8','shape':[%d],'data_offsets':[0,%d]},"
            + "'w':{'dtype':'F32','shape':[2],'data_offsets':[%d,%d]}}";
    byte[] start = SafetensorsBytes.of(header.formatted(gap, gap, gap, gap + 8), 0);
    Path path = folder.resolve("large.safetensors");
    try (FileChannel out =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      out.write(ByteBuffer.wrap(start));
      ByteBuffer tail = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      out.write(tail.putFloat(1.5f).putFloat(-2).flip(), start.length + gap);
    }
    SafetensorsFile file = SafetensorsFile.map(path);
    assertThat(file.find("w").orElseThrow().toFloats()).containsExactly(1.5f, -2);
    assertThat(file.find("gap").orElseThrow().byteSize()).isEqualTo(gap);
  }

  @Test
  void quotes_names_of_strangers_in_short() {
    byte[] file = SafetensorsBytes.of(("{'" + "n".repeat(4000) + "':1}"), 0);
    assertThatThrownBy(() -> SafetensorsBytes.read(file))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
    byte[] longer = SafetensorsBytes.of(("{'" + "n".repeat(5000) + "':1}"), 0);
    assertThatThrownBy(() -> SafetensorsBytes.read(longer)).hasMessageContaining("maximum");
    byte[] invalid = SafetensorsBytes.of("{'\u00ff':1}".getBytes(StandardCharsets.ISO_8859_1), 0);
    assertThatThrownBy(() -> SafetensorsBytes.read(invalid)).hasMessageContaining("not UTF-8");
  }

  private static Path resource(String name) throws Exception {
    return Path.of(SafetensorsFileTest.class.getResource(RESOURCES + name).toURI());
  }
}
