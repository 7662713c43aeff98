package dev.headrace.worker.generate.session;

class FakeDecoderTest extends DecoderSessionContract {
  private final FakeDecoder session = new FakeDecoder(50, 300, 16, 60);

  @Override
  protected DecoderSession session() {
    return session;
  }

  @Override
  protected float tolerance() {
    return 0;
  }
}
