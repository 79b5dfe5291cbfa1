// Finds or installs PyTorch for the benchmarks and the oracle in bench/pytorch. Nothing else in the project needs it.
import { join } from "node:path";
import { root } from "./npm.mjs";
import { pythonEnvironment } from "./python.mjs";

export const { find: findPytorch, ensure: ensurePytorch } = pythonEnvironment({
  title: "PyTorch",
  folder: ".venv-pytorch",
  requirements: join(root, "bench", "pytorch", "requirements.txt"),
  check: "import torch, numpy, safetensors",
  // PyPI's PyTorch for Linux on x86-64 is built for CUDA and does not load without CUDA's libraries, GPU or not.
  cost:
    process.platform === "linux" && process.arch === "x64"
      ? "a download of 3 GB that takes 5.4 GB of disk: on Linux PyPI has it with CUDA only"
      : "a download of about 200 MB",
  without: "only --pytorch needs it",
  // pip's cache is off, since it would store the 3 GB a second time.
  pip: ["--no-cache-dir"],
});
