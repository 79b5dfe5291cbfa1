import { LabError } from "../../errors.js";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs";
import type { Tensorflow } from "../../host.js";
import { BackendError, SETUP, type Opened } from "./opened.js";

const SETUP_COMMAND = "npm run setup:gpu -- --webgpu";

/** Says why WebGPU cannot be loaded, and what to do; undefined if it can be tried. It checks files only. */
export function webgpuMissing(): string | undefined {
  if (!existsSync(new URL("webgpu/node_modules/.package-lock.json", SETUP)))
    return `it is not set up: ${SETUP_COMMAND}`;
  const system = `${process.platform}-${process.platform === "darwin" ? "universal" : process.arch}`;
  if (!existsSync(new URL(`webgpu/node_modules/webgpu/dist/${system}/dawn.node`, SETUP)))
    return `its package webgpu has no adapter layer for ${system}: use another backend`;
  return undefined;
}

/** The part of WebGPU's adapter that is used. The project has no types for WebGPU, whose packages are optional. */
interface Adapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
  readonly features: { has(name: string): boolean };
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: { requiredFeatures: string[]; requiredLimits: Record<string, number> }): Promise<Device>;
}

interface Device {
  addEventListener(
    name: "uncapturederror",
    listener: (event: { readonly error: { readonly message: string } }) => void,
  ): void;
  destroy(): void;
}

interface Dawn {
  create(flags: string[]): { requestAdapter(options: { powerPreference: string }): Promise<Adapter | null> };
  readonly globals: object;
}

type WebGPUBackend = new (device: Device, info: Adapter["info"]) => KernelBackend;

/** Limits that TensorFlow.js's kernels need and that exceed WebGPU's defaults. */
const LIMITS = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup",
  "maxStorageBuffersPerShaderStage",
];

/**
 * Opens the GPU through Dawn.
 * @param options.software whether to accept a Vulkan driver that computes on the processor (Mesa's lavapipe,
 *   SwiftShader), which is slower than wasm and meant for tests
 */
export async function openWebgpu({ software }: { software: boolean }): Promise<Opened> {
  opening ??= openAdapter();
  const opened = await opening.catch((error: Error) => {
    opening = undefined;
    if (error instanceof BackendError) throw error;
    throw new BackendError(
      `backend webgpu: it does not start (${error.message.split("\n")[0]}): ${SETUP_COMMAND}, and look for a newer driver`,
      { cause: error },
    );
  });
  if (opened.software && !software)
    throw new BackendError(
      `backend webgpu: its only adapter is software (${opened.name}), slower than wasm: install the GPU's Vulkan driver, or name the backend to use it all the same`,
    );
  if (!(await opened.tf.setBackend("webgpu")))
    throw new BackendError("backend webgpu: TensorFlow.js could not start it: choose another");
  return opened;
}

type OpenAdapter = Opened & { readonly name: string; readonly software: boolean };
let opening: Promise<OpenAdapter> | undefined;

async function openAdapter(): Promise<OpenAdapter> {
  const missing = webgpuMissing();
  if (missing !== undefined) throw new BackendError(`backend webgpu: ${missing}`);
  const tf = await import("@tensorflow/tfjs");
  const require = createRequire(new URL("webgpu/package.json", SETUP));
  const { create, globals } = (await import(pathToFileURL(require.resolve("webgpu")).href)) as Dawn;
  // The backend expects the names of a browser (GPUBuffer, GPUBufferUsage, ...).
  Object.assign(globalThis, globals);
  const { WebGPUBackend } = require("@tensorflow/tfjs-backend-webgpu") as { WebGPUBackend: WebGPUBackend };
  gpu ??= create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    throw new BackendError(
      `backend webgpu: it found no adapter: ${process.platform === "linux" ? "there is no Vulkan driver for a GPU (for tests on the processor: mesa-vulkan-drivers, version 25 or newer)" : "the system offers no GPU"}`,
    );
  const { info, features, limits } = adapter;
  const device = await adapter.requestDevice({
    requiredFeatures: ["timestamp-query", "bgra8unorm-storage"].filter((feature) => features.has(feature)),
    requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, limits[limit]])),
  });
  const backend = withNavigator({ gpu }, () => new WebGPUBackend(device, info));
  reportErrors(device, backend);
  addInGroups(tf, limits.maxStorageBuffersPerShaderStage - 1);
  tf.registerBackend("webgpu", () => backend);
  // Otherwise small products are computed on the processor if their values happen to be in its memory.
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  const name = info.description || info.device || `${info.vendor} ${info.architecture}`;
  const software =
    info.isFallbackAdapter === true || /llvmpipe|lavapipe|swiftshader/i.test(`${info.device} ${info.description}`);
  let closed = false;
  return {
    tf,
    name,
    software,
    device: `${name} (${software ? "software, " : ""}WebGPU, TensorFlow.js ${tf.version_core})`,
    close: () => {
      if (closed) return;
      closed = true;
      opening = undefined;
      tf.removeBackend("webgpu");
      device.destroy();
    },
  };
}

/**
 * This reference keeps Dawn's object alive: if the garbage collector frees it during a computation, the process
 * crashes.
 */
let gpu: ReturnType<Dawn["create"]> | undefined;

/**
 * Runs code that expects WebGPU at `navigator.gpu`, as in a browser; Node.js 21 and later have a navigator of their
 * own.
 */
function withNavigator<T>(navigator: object, body: () => T): T {
  const own = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  try {
    return body();
  } finally {
    if (own === undefined) Reflect.deleteProperty(globalThis, "navigator");
    else Object.defineProperty(globalThis, "navigator", own);
  }
}

/**
 * A kernel that the GPU refuses leaves zeros and reports the error separately: this makes the next read fail with that
 * error.
 */
function reportErrors(device: Device, backend: KernelBackend): void {
  let failure: Error | undefined;
  device.addEventListener("uncapturederror", ({ error }) => {
    failure ??= new LabError(`webgpu: ${error.message.split("\n")[0]}`);
  });
  const read = backend.read.bind(backend);
  backend.read = async (id: object) => {
    const values = await read(id);
    if (failure !== undefined) throw failure;
    return values;
  };
}

/**
 * Splits sums of many tensors into sums of few, because TensorFlow.js binds all tensors at once and the GPU limits
 * their number.
 */
function addInGroups(tf: Tensorflow, most: number): void {
  const own = tf.getKernel("AddN", "webgpu");
  if (own === undefined) return;
  const add = (inputs: TensorInfo[], backend: object) =>
    own.kernelFunc({ inputs: inputs as unknown as Record<string, TensorInfo>, backend }) as TensorInfo;
  tf.unregisterKernel("AddN", "webgpu");
  tf.registerKernel({
    ...own,
    kernelFunc: ({ inputs, backend }) => {
      const rest = [...(inputs as unknown as TensorInfo[])];
      let sum = add(rest.splice(0, most), backend);
      while (rest.length > 0) {
        const before = sum;
        sum = add([before, ...rest.splice(0, most - 1)], backend);
        (backend as KernelBackend).disposeData(before.dataId);
      }
      return sum;
    },
  });
}
