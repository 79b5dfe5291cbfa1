import { BackendError, processorName, type Opened } from "./opened.js";

/** Opens a backend that comes with the project: WebAssembly with SIMD, or plain JavaScript. */
export async function openJavascript(backend: "wasm" | "cpu"): Promise<Opened> {
  const tf = await import("@tensorflow/tfjs");
  // It uses one thread on every machine, because more threads would split sums by their number and so change the last
  // bits. This setting has an effect until the backend starts.
  if (backend === "wasm") (await import("@tensorflow/tfjs-backend-wasm")).setThreadsCount(1);
  if (!(await tf.setBackend(backend)))
    throw new BackendError(
      `backend ${backend}: TensorFlow.js could not start it (Node.js ${process.versions.node}): npm ci, or choose another`,
    );
  await tf.ready();
  if (backend === "wasm" && !(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")))
    throw new BackendError(`backend ${backend}: this processor or Node.js has no SIMD in WebAssembly: use cpu`);
  // Otherwise its first tensor prints an advertisement for tfjs-node.
  if (backend === "cpu") Object.assign(tf.backend(), { firstUse: false });
  return {
    tf,
    device: `${processorName()}, one thread (TensorFlow.js ${tf.version_core}, ${backend === "wasm" ? "WebAssembly SIMD" : "JavaScript"})`,
    close: () => {},
  };
}
