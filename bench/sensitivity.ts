import { readFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import type { PlaySummary } from "../src/envs/play.js";

// How much battles depend on the rules that are ours, neither the game's nor SMAC's (src/envs/starcraft/RULES.md): each is changed in the source, one at a
// time, and scripted teams play on. Prints Markdown: `npx tsx bench/sensitivity.ts [battles] [map ...]`. A change whose text is no longer in the source
// is an error, so that this list follows the rules.

/** One rule otherwise: `from` in a source of src/envs/starcraft becomes `to`. */
interface Change {
  readonly rule: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const constant = (rule: string, file: string, name: string, was: string, ...others: readonly string[]): Change[] =>
  others.map((value) => ({
    rule: `${rule}: ${value} instead of ${was}`,
    file,
    from: `const ${name} = ${was};`,
    to: `const ${name} = ${value};`,
  }));

const CHANGES: readonly Change[] = [
  ...constant("loops between looks", "enemy.ts", "LOOK_PERIOD", "12", "8", "16"),
  ...constant("cells beyond notice at which a target is given up", "enemy.ts", "LEASH", "3", "0", "6"),
  ...constant("cells within which the arrived go after somebody", "enemy.ts", "HUNT", "6", "3", "9"),
  ...constant("cells within which medivacs look for patients", "enemy.ts", "PATIENTS", "5", "3", "9"),
  ...constant("weight of comrades who aim at the same", "enemy.ts", "COMRADE", "10", "0"),
  ...constant("cells by which a shooter prefers its old target", "enemy.ts", "OLD", "5", "0"),
  ...constant("cells within which comrades come to help", "starcraft.ts", "CALL_FOR_HELP", "4", "0", "8"),
];

const MAPS = ["3m", "8m", "2s3z", "3s5z", "MMM"];
const SCRIPTS = ["nearestTarget", "weakestTarget"];

const sources = fileURLToPath(new URL("../src/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mast-sensitivity-"));

/** The environments, bundled with one change or none. */
async function withChange(
  change: Change | undefined,
  k: number,
): Promise<typeof import("../src/envs/play.js") & typeof import("../src/envs/index.js")> {
  const plugin: Plugin = {
    name: "change",
    setup({ onLoad }) {
      if (change === undefined) return;
      onLoad({ filter: new RegExp(`starcraft[\\\\/]${basename(change.file).replace(".", "\\.")}$`) }, ({ path }) => {
        const text = readFileSync(path, "utf8");
        if (text.split(change.from).length !== 2)
          throw new Error(
            `${change.file} no longer holds "${change.from}" once: bring bench/sensitivity.ts up to date.`,
          );
        return { contents: text.replace(change.from, change.to), loader: "ts" };
      });
    },
  };
  const outfile = join(folder, `${k}.mjs`);
  await build({
    stdin: { contents: 'export * from "./envs/index.js"; export * from "./envs/play.js";', resolveDir: sources },
    ...{ bundle: true, format: "esm", platform: "node", outfile, logLevel: "error", plugins: [plugin] },
  });
  return (await import(pathToFileURL(outfile).href)) as never;
}

const [battles = "100", ...names] = process.argv.slice(2);
const maps = names.length > 0 ? names : MAPS;
const row = (cells: readonly string[]): void => console.log(`| ${cells.join(" | ")} |`);
row(["rule", ...maps.map((map) => `${map}: shoot the nearest, the weakest, random return`)]);
row(Array<string>(1 + maps.length).fill("---"));
try {
  for (const [k, change] of [undefined, ...CHANGES].entries()) {
    const { createEnvironment, playEpisodes, scripts, uniformRandom } = await withChange(change, k);
    const cells = maps.map((map) => {
      const env = createEnvironment(map);
      const rates = SCRIPTS.map((name) => playEpisodes(env, scripts[name]!, { episodes: Number(battles) }));
      const random: PlaySummary = playEpisodes(env, uniformRandom(1), { episodes: Number(battles) });
      return `${rates.map(({ winRate }) => `${(100 * winRate).toFixed(0)} %`).join(", ")}, ${random.meanReturn.toFixed(2)}`;
    });
    row([change?.rule ?? "as they are", ...cells]);
  }
} finally {
  rmSync(folder, { recursive: true });
}
