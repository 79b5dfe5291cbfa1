import { restoreConfig } from "../config.js";
import { openBackend } from "../node/tensorflow/backend.js";
import { createVectorisedRuns } from "../networks/tensorflow/engine.js";
import { runOne, type RunOptions } from "./run.js";
import { elsewhereOf, type VectorisedMessage, type WorkerTask } from "./workers.js";

/**
 * Trains runs that differ in their seeds only, in this thread and with the tensorflow engine. Their updates are
 * vectorised, as by `vmap` over seeds. Up to rounding, each run gives the result that it would give alone. A run that
 * fails or ends first does not stop the others.
 *
 * @param say called with messages on the device, the progress of runs, and failures
 * @throws {BackendError} before a folder is made, when their backend is not available
 */
export async function runVectorised(
  tasks: readonly WorkerTask[],
  say: (message: VectorisedMessage) => void,
  { signal }: Pick<RunOptions, "signal"> = {},
): Promise<void> {
  const opened = await openBackend(tasks[0].config.backend ?? "auto");
  const device = {
    name: `${opened.backend}: ${opened.device}${tasks.length > 1 ? `, ${tasks.length} vectorised runs` : ""}`,
    passedOver: opened.passedOver,
  };
  say({ kind: "device", device });
  const vectorised = createVectorisedRuns(opened.tf, tasks.length);
  await Promise.all(
    tasks.map(async ({ name, config, given, token, runs, checkpointEvery }, run) => {
      try {
        await runOne(restoreConfig(given, config), {
          token,
          computing: { open: vectorised.open(run), device: device.name },
          onProgress: (progress) => say({ kind: "progress", name, progress }),
          onNote: (line) => say({ kind: "note", line }),
          signal,
          runs,
          checkpointEvery,
        });
      } catch (error) {
        const elsewhere = elsewhereOf(error);
        say(
          elsewhere === undefined
            ? { kind: "failed", name, message: (error as Error).message }
            : { kind: "elsewhere", name, elsewhere },
        );
      } finally {
        vectorised.leave(run);
      }
    }),
  );
}
