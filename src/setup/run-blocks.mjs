// Runs the TypeScript blocks of a page of documentation as cells of a notebook, in tslab's own executor: `node
// src/setup/run-blocks.mjs README.md`. Each heading of the second level begins a notebook of its own. Ends with exit
// code 1 at the first cell that fails, saying which.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { root } from "./npm.mjs";

const require = createRequire(import.meta.url);
const { createExecutor } = require("tslab/dist/executor.js");
const { createConverter } = require("tslab/dist/converter.js");

/** Collects the code blocks of a page by their heading. */
function blocksOf(page) {
  return page.split(/^## /m).map((section) => ({
    heading: section.split("\n", 1)[0],
    blocks: [...section.matchAll(/^```(?:ts|typescript)\n([\s\S]*?)^```$/gm)].map(([, code]) => code),
  }));
}

const page = resolve(process.argv[2]);
// Tests shorten long runs by pairs of a text on the page and its replacement.
const replacements = JSON.parse(process.env.RUN_BLOCKS_REPLACE ?? "[]");
const cells = join(root, "notebooks");
// The working directory is that of the kernel, the folder of the notebooks.
process.chdir(cells);
let failed = 0;
for (const { heading, blocks } of blocksOf(
  replacements.reduce((text, [from, to]) => text.replaceAll(from, to), readFileSync(page, "utf8")),
)) {
  if (blocks.length === 0) continue;
  const converter = createConverter({ cwd: cells });
  const executor = createExecutor(
    cells,
    { node: converter, browser: converter, close: () => converter.close() },
    console,
  );
  for (const [i, code] of blocks.entries()) {
    if (!(await executor.execute(code))) {
      failed++;
      console.error(`${process.argv[2]}: block ${i + 1} under "${heading}" failed`);
    }
  }
  executor.close();
}
process.exit(failed === 0 ? 0 : 1);
