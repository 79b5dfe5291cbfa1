import { setImmediate as nextTurn } from "node:timers/promises";
import { setHost } from "../host.js";
import { nativeKernels, readWasmKernels } from "./kernels.js";
import { loadMujoco } from "./mujoco.js";
import "./parts.js";
import "./python/environment.js";
import { openBackend } from "./tensorflow/backend.js";

// Importing this module makes Node.js the host of the core in this thread.
setHost({
  kernels: readWasmKernels,
  nativeKernels,
  nextTurn: () => nextTurn(),
  mujoco: loadMujoco,
  openTensorflow: async (backend) => (await openBackend(backend)).tf,
});
