import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setHost } from "../host.js";
import "./parts.js";
import { openBackend } from "./tensorflow/backend.js";

// Importing this module makes Node.js the host of the core in this thread.
setHost({ kernels: readKernels, nextTurn: () => nextTurn(), openTensorflow: async (backend) => (await openBackend(backend)).tf });

function readKernels(): Uint8Array {
  const url = new URL("../networks/wasm/kernels.wasm", import.meta.url);
  try {
    return readFileSync(url);
  } catch (error) {
    throw new Error(`The wasm engine's kernels are missing (${url.pathname}): run npm run build.`, { cause: error });
  }
}
