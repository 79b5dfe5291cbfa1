import { runVectorised } from "./vectorised.js";
import type { VectorisedMessage, VectorisedTask } from "./workers.js";

/** The process in which `runAll` trains vectorised runs: its first message is the task, any other stops the runs. */

const controller = new AbortController();
const say = (message: VectorisedMessage) => process.connected && process.send!(message);
const stop = () => controller.abort();

// Ctrl-C goes to every process of a terminal. The one that asked decides; when it is gone, what was trained is kept.
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
  // Threads of TensorFlow or of a driver would keep the process alive; what was said is to arrive first.
  if (process.connected) process.send!({ kind: "end" } satisfies VectorisedMessage, () => process.exit(0));
  else process.exit(0);
});
