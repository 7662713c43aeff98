package dev.headrace.worker.encode;

import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.profile.DeviceProfile;
import dev.headrace.worker.profile.ProfileFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The profiles that a worker finds: {@code headrace-profile.json} in a model's folder. One of
 * another device, model or number of threads says nothing and is left aside.
 *
 * @param folder of the models' folders; empty for none
 * @param threads that the engine has
 */
record Profiles(String folder, ComputeDevice device, int threads) {
  private static final Logger LOG = LoggerFactory.getLogger(Profiles.class);

  Optional<DeviceProfile> find(ModelDescription model) {
    if (folder.isEmpty()) {
      return Optional.empty();
    }
    Path file = Path.of(folder).resolve(model.name()).resolve(ProfileFile.NAME);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      DeviceProfile profile = ProfileFile.read(file);
      if (profile.fits(model, device, threads)) {
        return Optional.of(profile);
      }
      LOG.info("profile is of another model, device or number of threads file={}", file);
    } catch (MalformedModelException e) {
      LOG.warn("profile left aside file={} cause={}", file, e.getMessage());
    } catch (IOException e) {
      LOG.warn("profile left aside file={} cause={}", file, e.toString());
    }
    return Optional.empty();
  }
}
