// npm run course -- students|runs [--out FOLDER]: makes material for students from the notebooks and from trained runs.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { root } from "./npm.mjs";

const USAGE = "npm run course -- students|runs [--out FOLDER]";
const QUESTION = "**What do you find?** *Double-click here and write it down, with the numbers that say so.*";

/**
 * Makes a notebook without outputs and findings: passages that begin with "What we find", up to the next heading, and
 * cells with the tag `findings` are replaced by a question.
 * @param {{ cells: { cell_type: string; source: string | string[]; metadata: { tags?: string[] } }[] }} notebook
 */
export function studentVersion(notebook) {
  const cells = notebook.cells.map((cell) => {
    if (cell.cell_type === "code") return { ...cell, outputs: [], execution_count: null };
    const text = [cell.source].flat().join("");
    const kept = withoutFindings(cell.metadata.tags?.includes("findings") ? `**What we find**\n${text}` : text);
    return kept === text ? cell : { ...cell, source: kept.split(/(?<=\n)/), metadata: {} };
  });
  return { ...notebook, cells };
}

/** @param {string} text Markdown */
function withoutFindings(text) {
  const finding = /^(\*\*What we find|#+ What we find)/;
  const parts = text.split(/(?<=\n)(?=#{1,6} |\*\*What we find)/);
  return parts
    .map((part) => (finding.test(part) ? `${QUESTION}\n\n` : part))
    .join("")
    .trimEnd();
}

function students(out) {
  const folder = join(root, "notebooks");
  mkdirSync(out, { recursive: true });
  const names = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));
  for (const name of names) {
    const notebook = studentVersion(JSON.parse(readFileSync(join(folder, name), "utf8")));
    writeFileSync(join(out, name), `${JSON.stringify(notebook, null, 1)}\n`);
  }
  for (const name of ["glossary.md", "typescript-for-python.ipynb"])
    copyFileSync(join(folder, "course", name), join(out, name));
  console.log(`${names.length} notebooks without findings in ${shown(out)}`);
}

function runs(out) {
  const store = resolve(root, process.env.MAST_RUNS || join("data", "runs"));
  const complete = existsSync(store)
    ? readdirSync(store)
        .filter((name) => existsSync(join(store, name, "summary.json")))
        .sort()
    : [];
  if (complete.length === 0)
    throw new Error(`there are no complete runs in ${store}: train some first, for example with \`npm run notebooks\``);
  mkdirSync(out, { recursive: true });
  const archive = join(out, "runs.tar.gz");
  // Names are passed in a file, since there may be more than fit on a command line. The archive contains complete files
  // only.
  const list = join(out, "runs.txt");
  writeFileSync(list, `${complete.join("\n")}\n`);
  const { status, error, stderr } = spawnSync("tar", ["-czf", `${archive}.tmp`, "-C", store, "-T", list], {
    encoding: "utf8",
  });
  if (status !== 0)
    throw new Error(`tar could not pack the runs: ${(error?.message ?? stderr).trim().split("\n").at(-1)}`);
  renameSync(`${archive}.tmp`, archive);
  console.log(
    `${complete.length} complete runs in ${shown(archive)}; unpack them with \`tar -xzf runs.tar.gz -C data/runs\``,
  );
}

/** Shortens a path to what a person would type. */
function shown(path) {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

function run() {
  const { values, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
  const [what, ...more] = positionals;
  const own = join(root, "data", "own", "course");
  if (more.length > 0 || !["students", "runs"].includes(what)) throw new Error(`usage: ${USAGE}`);
  if (what === "students") students(resolve(values.out ?? join(own, "students")));
  else runs(resolve(values.out ?? own));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    run();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
