import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { fastest, time } from "./measure.js";

// Measures the microseconds of an environment step (uniformly random legal play, starcraft rules) at the present and at
// earlier commits, in turns in one process: `npx tsx bench/commits.ts COMMIT [COMMIT ...]`. `taskset -c 1` in front
// keeps it on one core.
const MAPS = { "3m": 5000, "2s3z": 3000, "3s5z": 2000, "2c_vs_64zg": 300 };
/** Processor seconds of samples for each map. */
const SECONDS = 6;

type Environments = typeof import("../src/envs/index.js") & typeof import("../src/envs/play.js");

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mast-commits-"));
const commits = process.argv.slice(2);
if (commits.length === 0) throw new Error("Name a commit: npx tsx bench/commits.ts COMMIT [COMMIT ...]");

async function bundle(name: string, sources: string): Promise<Environments> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    stdin: { contents: 'export * from "./envs/index.js"; export * from "./envs/play.js";', resolveDir: sources },
    ...{ bundle: true, format: "esm", platform: "node", outfile, logLevel: "error" },
    nodePaths: [join(root, "node_modules")],
  });
  return (await import(pathToFileURL(outfile).href)) as Environments;
}

try {
  const versions: [string, Environments][] = [];
  for (const commit of commits) {
    const to = join(folder, `at-${commit}`);
    mkdirSync(to);
    const archive = execFileSync("git", ["archive", commit, "src"], { cwd: root, maxBuffer: 1 << 28 });
    execFileSync("tar", ["x", "-C", to], { input: archive });
    versions.push([commit, await bundle(commit, join(to, "src"))]);
  }
  versions.push(["here", await bundle("here", join(root, "src"))]);
  for (const [map, steps] of Object.entries(MAPS)) {
    const played: Record<string, number> = {};
    const candidates = versions.map(([name, { createEnvironment, playRandom }]) => {
      const env = createEnvironment(map);
      return { name, sample: () => time(() => (played[name] = playRandom(env, { steps, seed: 1 }).steps)) };
    });
    const best = await fastest(candidates, SECONDS, { quick: false });
    const of = (name: string): number => (1000 * best[name]) / played[name];
    const cells = versions.map(
      ([name]) => `${name} ${of(name).toFixed(2)} us (${(of(versions[0][0]) / of(name)).toFixed(2)})`,
    );
    console.log(`${map.padEnd(11)} ${cells.join("   ")}`);
  }
  console.log(`In brackets: steps a second as a share of those of ${commits[0]}.`);
} finally {
  rmSync(folder, { recursive: true });
}
