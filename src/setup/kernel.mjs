// node src/setup/kernel.mjs --config-path FILE: the kernel of TypeScript notebooks, which is tslab's with errors in one line. Jupyter starts it, see
// .jupyter/kernels/tslab/kernel.json.
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { cellErrors } from "./cell-errors.mjs";

const { values } = parseArgs({ options: { "config-path": { type: "string" } } });
console.error = cellErrors(console.error.bind(console));
const { startKernel } = createRequire(import.meta.url)("tslab/dist/main.js");
startKernel({ configPath: values["config-path"], enableFindLocal: false });
