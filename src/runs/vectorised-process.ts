import { runVectorised } from "./vectorised.js";
import type { VectorisedMessage, VectorisedTask } from "./workers.js";

/** The process in which `runAll` trains vectorised runs: its first message is the task, any other stops the runs. */

const controller = new AbortController();
const say = (message: VectorisedMessage) => process.connected && process.send!(message);
const stop = () => controller.abort();

// Ctrl-C goes to every process of a terminal; the parent process decides what to do. When the parent is gone, the runs
// stop with a checkpoint.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", stop).on("SIGHUP", stop);
process.on("disconnect", stop);
process.once("message", async ({ tasks }: VectorisedTask) => {
  process.on("message", stop);
  try {
    await runVectorised(tasks, say, { signal: controller.signal });
  } catch (error) {
    for (const { name } of tasks) say({ kind: "failed", name, message: (error as Error).message });
  }
  // Threads of TensorFlow or of a driver would keep the process alive, so it exits once its messages have been sent.
  if (process.connected) process.send!({ kind: "end" } satisfies VectorisedMessage, () => process.exit(0));
  else process.exit(0);
});
