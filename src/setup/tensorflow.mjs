// npm run setup:gpu [-- --cpu | --webgpu]: sets up the backends of the tensorflow engine that do not come with the
// project, in .tensorflow/, and tries them.
//   (none)    tfjs-node-gpu: TensorFlow with CUDA, for an NVIDIA card under Linux
//   --cpu     tfjs-node: the same on the processor
//   --webgpu  WebGPU through Dawn: any GPU under Linux (Vulkan), macOS and Windows
import "./node-version.mjs";
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { root } from "./npm.mjs";
import { buildAddon, findCompiler } from "./tensorflow/addon.mjs";
import { installLibrary, library, pythonWithPip } from "./tensorflow/library.mjs";
import { installPackages } from "./tensorflow/packages.mjs";

const FLAGS = "--cpu sets up TensorFlow for this processor, --webgpu any other GPU";
const say = (line) => console.error(line);

try {
  setUp(readFlags());
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}

function readFlags() {
  try {
    const { values } = parseArgs({ options: { cpu: { type: "boolean" }, webgpu: { type: "boolean" } } });
    if (values.cpu && values.webgpu) throw new Error("one at a time");
    return values;
  } catch (error) {
    throw new Error(`setup:gpu: ${error.message.split("\n")[0]}; ${FLAGS}, and without a flag it is NVIDIA's CUDA`, {
      cause: error,
    });
  }
}

function setUp({ cpu, webgpu }) {
  if (webgpu) {
    installPackages("webgpu", "a download of 60 MB that takes 160 MB of disk", say);
    return tryBackend("webgpu");
  }
  // Missing requirements are reported before anything is downloaded.
  requireLinux();
  if (!cpu) requireNvidia();
  const compiler = findCompiler();
  const python = pythonWithPip();
  const packages = installPackages("node", "9 MB", say);
  installLibrary(cpu ? "cpu" : "cuda", python, say);
  buildAddon(packages, library, compiler, say);
  tryBackend(cpu ? "tfjs-node" : "tfjs-node-gpu");
}

function requireLinux() {
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  if (process.platform === "linux" && ["x64", "arm64"].includes(process.arch) && glibc !== undefined) return;
  const here =
    process.platform === "linux" && glibc === undefined
      ? "a Linux without glibc"
      : `${process.platform} on ${process.arch}`;
  throw new Error(
    `tfjs-node needs Linux with glibc on x86-64 or 64-bit ARM, and this is ${here}: npm run setup:gpu -- --webgpu`,
  );
}

function requireNvidia() {
  if (process.arch !== "x64")
    throw new Error(`PyPI has TensorFlow with CUDA for x86-64 only, and this is ${process.arch}; ${FLAGS}`);
  const driver =
    spawnSync("nvidia-smi", ["-L"], { timeout: 60_000 }).status === 0 ||
    spawnSync("python3", ["-c", 'import ctypes; ctypes.CDLL("libcuda.so.1")']).status === 0;
  if (!driver)
    throw new Error(
      `no NVIDIA driver was found (nvidia-smi lists no card, and there is no libcuda.so.1): install one, or ${FLAGS}`,
    );
}

/** Opens the backend in a process of its own and computes something known. */
function tryBackend(backend) {
  const program = `
    const { openBackend } = await import(${JSON.stringify(new URL("../../dist/node/tensorflow/backend.js", import.meta.url).href)});
    try {
      const { tf, device, close } = await openBackend("${backend}");
      const [value] = await tf.matMul(tf.ones([2, 8, 8]), tf.fill([2, 8, 8], 0.5)).data();
      if (value !== 4) throw new Error("it computes wrongly: " + value + " instead of 4");
      console.log("ready: ${backend} on " + device);
      close();
    } catch (error) {
      console.error("MAST " + error.message);
      process.exit(1);
    }`;
  // TensorFlow's messages about the driver are shown only on a failure.
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: root,
    encoding: "utf8",
    timeout: 300_000,
    env: { TF_CPP_MIN_LOG_LEVEL: "0", ...process.env },
  });
  if (status === 0) return say(stdout.trim());
  const lines = stderr.trim().split("\n");
  const reason =
    lines.find((line) => line.startsWith("MAST "))?.slice(5) ?? `backend ${backend} ends its process: ${lines.at(-1)}`;
  const told = lines
    .filter((line) => /^[WE]\d{4}|cuda|CUDA|GPU|dlopen/.test(line) && !line.startsWith("MAST "))
    .slice(0, 8);
  throw new Error([`it is installed but cannot be used: ${reason}`, ...told].join("\n"));
}
