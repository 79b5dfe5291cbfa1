import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import type { PlaySummary } from "../src/envs/play.js";

// Measures how much battles depend on the rules that are ours, neither the game's nor SMAC's
// (src/envs/starcraft/RULES.md). Each rule is changed in the source, one at a time, and scripted teams play. Prints
// Markdown: `npx tsx bench/sensitivity.ts [battles] [map ...]`. A change whose text is no longer in the source is an
// error, so that this list follows the rules.

/** A change of one rule: `from` in a source of src/envs/starcraft becomes `to`. */
interface Change {
  readonly rule: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Returns changes of a number in HABITS. */
const habit = (rule: string, name: string, was: string, ...others: readonly string[]): Change[] =>
  others.map((value) => ({
    rule: `${rule}: ${value} instead of ${was}`,
    file: "rules.ts",
    from: `${name}: ${was}`,
    to: `${name}: ${value}`,
  }));

const CHANGES: readonly Change[] = [
  ...habit("loops between looks", "lookPeriod", "12", "8", "16"),
  ...habit("weight of comrades who aim at the same", "comrade", "10", "0"),
  ...habit("the same for a shooter that looks again", "comradeAgain", "2", "0", "10"),
  ...habit("cells by which chance decides when a shooter looks again", "whim", "5", "0", "10"),
  ...habit("cells by which a shooter prefers its old target", "old", "0", "5", "80"),
  ...habit("cells beyond notice at which a target is given up", "leash", "3", "0", "6"),
  ...habit("cells within which comrades come to help", "callForHelp", "4", "0", "8"),
  ...habit("cells within which the arrived go after somebody", "hunt", "6", "3", "9"),
  {
    rule: "cells within which medivacs look for patients: 9 instead of 5",
    file: "compiled/enemy.c",
    from: "#define PATIENTS 5",
    to: "#define PATIENTS 9",
  },
  {
    rule: "the first prey of a zergling on 2c_vs_64zg: the nearest instead of any",
    file: "compiled/enemy.c",
    from: "const int is_first = b->ordered[i] < 0;",
    to: "const int is_first = 0;",
  },
  {
    rule: "seconds after a hit in which zealots and zerglings stand: 0 instead of 0.5",
    file: "units.ts",
    from: "backswing: 0.5",
    to: "backswing: 0",
  },
  ...["1.0", "3.0"].map((cells) => ({
    rule: `cells ahead at which walkers go around who stands: ${cells} instead of 2.0`,
    file: "compiled/motion.c",
    from: "#define LOOK_AHEAD 2.0",
    to: `#define LOOK_AHEAD ${cells}`,
  })),
  ...["0.5", "1.0"].map((share) => ({
    rule: `share of an overlap by which the faster gives way: ${share} instead of 0.75`,
    file: "compiled/motion.c",
    from: "#define FASTER 0.75",
    to: `#define FASTER ${share}`,
  })),
];

const MAPS = ["3m", "8m", "2s3z", "3s5z", "MMM", "2c_vs_64zg"];
const SCRIPTS = ["nearestTarget", "weakestTarget"];

const { compile } = (await import(new URL("../src/envs/starcraft/compiled/build.mjs", import.meta.url).href)) as {
  compile: (changed: Readonly<Record<string, string>>) => string;
};
const sources = fileURLToPath(new URL("../src/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mast-sensitivity-"));

/** Bundles the environments with one change or none. */
async function withChange(
  change: Change | undefined,
  k: number,
): Promise<typeof import("../src/envs/play.js") & typeof import("../src/envs/index.js")> {
  const plugin: Plugin = {
    name: "change",
    setup({ onLoad }) {
      if (change === undefined) return;
      // Compiled code is changed in its source and compiled again.
      const isCompiled = change.file.endsWith(".c");
      const loaded = isCompiled ? "loops-wasm.ts" : basename(change.file);
      onLoad({ filter: new RegExp(`starcraft[\\\\/].*${loaded.replace(".", "\\.")}$`) }, () => {
        const text = readFileSync(join(sources, "envs/starcraft", change.file), "utf8");
        if (!text.includes(change.from))
          throw new Error(`${change.file} no longer holds "${change.from}": bring bench/sensitivity.ts up to date.`);
        const changed = text.replaceAll(change.from, change.to);
        return { contents: isCompiled ? compile({ [basename(change.file)]: changed }) : changed, loader: "ts" };
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
console.log("Battles won by shooting the nearest and by shooting the weakest, and return of random play.\n");
row(["rule", ...maps]);
row(Array<string>(1 + maps.length).fill("---"));
try {
  for (const [k, change] of [undefined, ...CHANGES].entries()) {
    const { createEnvironment, playEpisodes, scripts, uniformRandom } = await withChange(change, k);
    const cells = maps.map((map) => {
      const env = createEnvironment(map);
      const rates = SCRIPTS.map((name) => playEpisodes(env, scripts[name], { episodes: Number(battles) }));
      const random: PlaySummary = playEpisodes(env, uniformRandom(1), { episodes: Number(battles) });
      return `${rates.map(({ winRate }) => `${(100 * winRate).toFixed(0)} %`).join(", ")}, ${random.meanReturn.toFixed(2)}`;
    });
    row([change?.rule ?? "as they are", ...cells]);
  }
} finally {
  rmSync(folder, { recursive: true });
}
