package dev.headrace.policy.testing;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.SideBySide;
import dev.headrace.protocol.service.WorkerState;
import java.util.Map;
import java.util.Set;

/** Heartbeats for tests: a ready worker at 1 $/h whose type is named after its lane. */
public final class Heartbeats {
  private final String worker;
  private final String lane;
  private String deviceType;
  private double usdPerHour = 1;
  private WorkerState state = WorkerState.READY;
  private String model = "m";
  private String revision = "r1";
  private ServiceCurve curve = new ServiceCurve(0.01, 0, 0, 0, 100);
  private double batchRows = 1;
  private boolean models = true;
  private ModelState modelState = ModelState.LOADED;
  private double loadSeconds;
  private SideBySide sideBySide = SideBySide.NONE;

  private Heartbeats(String worker, String lane) {
    this.worker = worker;
    this.lane = lane;
    this.deviceType = lane;
  }

  public static Heartbeats heartbeat(String worker, String lane) {
    return new Heartbeats(worker, lane);
  }

  public Heartbeats deviceType(String name) {
    this.deviceType = name;
    return this;
  }

  public Heartbeats price(double perHour) {
    this.usdPerHour = perHour;
    return this;
  }

  public Heartbeats state(WorkerState now) {
    this.state = now;
    return this;
  }

  public Heartbeats model(String name) {
    this.model = name;
    return this;
  }

  public Heartbeats revision(String digest) {
    this.revision = digest;
    return this;
  }

  /** Seconds per batch, whatever is in it, and how many batches that rests on. */
  public Heartbeats curve(double fixedSeconds, long samples) {
    this.curve = new ServiceCurve(fixedSeconds, 0, 0, 0, samples);
    return this;
  }

  public Heartbeats batchRows(double rows) {
    this.batchRows = rows;
    return this;
  }

  /** Where its model is, and how long loading it takes. */
  public Heartbeats modelState(ModelState now, double seconds) {
    this.modelState = now;
    this.loadSeconds = seconds;
    return this;
  }

  /** Work that it runs side by side. */
  public Heartbeats sideBySide(double rows, double seconds) {
    this.sideBySide = new SideBySide(rows, seconds);
    return this;
  }

  public Heartbeats withoutModels() {
    this.models = false;
    return this;
  }

  public DeviceReport build() {
    ModelReport report =
        new ModelReport(
            revision,
            Set.of(Task.EMBEDDINGS),
            curve,
            batchRows,
            modelState,
            loadSeconds,
            null,
            null,
            sideBySide);
    return new DeviceReport(
        worker,
        deviceType,
        lane,
        "",
        usdPerHour,
        state,
        RequestBuilder.START,
        0,
        0,
        0,
        0,
        0,
        models ? Map.of(model, report) : Map.of());
  }
}
