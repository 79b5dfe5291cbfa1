import "../../src/node/host.js";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { playTeam, type PlayedEpisode } from "../../src/analysis/team-play.js";
import { wilsonInterval } from "../../src/cli/evaluate.js";
import { createEnvironment } from "../../src/envs/index.js";
import { exportParameters } from "../../src/runs/checkpoint.js";
import { readRun } from "../../src/runs/store.js";

// Lets a team that was trained under `smaclite` rules play in SMAClite itself, beside the same network here: `npx tsx
// bench/smaclite/play.ts RUN [EPISODES]`. RUN is a run in data/runs (MAST_RUNS). MAST_SMACLITE is a checkout of
// uoe-agents/smaclite, and MAST_PYTHON a Python that has numpy, gymnasium, scikit-learn, Rtree and pygame. Without
// SMAClite a line says so.
const [name, episodesText = "32"] = process.argv.slice(2);
if (name === undefined) throw new Error("Name a run: npx tsx bench/smaclite/play.ts RUN [EPISODES]");
const episodes = Number(episodesText);
const { config, directory } = readRun(name);
if (config.rules !== "smaclite")
  throw new Error(`${name} was trained under ${config.rules} rules: train one with --rules smaclite.`);

const line = (played: readonly Pick<PlayedEpisode, "won" | "return" | "steps">[]): string => {
  const mean = (value: (episode: Pick<PlayedEpisode, "won" | "return" | "steps">) => number): number =>
    played.reduce((sum, episode) => sum + value(episode), 0) / played.length;
  const rate = mean(({ won }) => Number(won));
  const [low, high] = wilsonInterval(rate, played.length);
  return (
    `${(100 * rate).toFixed(0)} % of ${played.length} battles won (95 % interval ${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)}), ` +
    `return ${mean((episode) => episode.return).toFixed(2)}, ${mean(({ steps }) => steps).toFixed(1)} steps`
  );
};

const folder = mkdtempSync(join(tmpdir(), "mast-smaclite-"));
try {
  const network = join(folder, "network.safetensors");
  writeFileSync(network, exportParameters(join(directory, "checkpoint.safetensors")));
  const { episodeLimit } = createEnvironment(config.environment).sizes;
  const python = process.env["MAST_PYTHON"] ?? "python3";
  const paths = [process.env["MAST_SMACLITE"], process.env["PYTHONPATH"]].filter((path) => path !== undefined);
  const { status, stdout, stderr, error } = spawnSync(
    python,
    [
      fileURLToPath(new URL("play.py", import.meta.url)),
      ...[network, config.environment, String(episodes), String(episodeLimit)],
    ],
    { encoding: "utf8", env: { ...process.env, PYTHONPATH: paths.join(delimiter) }, maxBuffer: 1 << 26 },
  );
  if (error !== undefined || status === 3) {
    console.log(
      `SMAClite is not here (${error?.message ?? stdout.trim().replace("absent: ", "")}): set MAST_SMACLITE to a checkout of uoe-agents/smaclite, and MAST_PYTHON to a Python with what it needs.`,
    );
  } else if (status !== 0) throw new Error(`SMAClite stopped:\n${stderr}`);
  else {
    const there = stdout
      .trim()
      .split("\n")
      // SMAClite prints lines of its own.
      .filter((text) => text.startsWith("{"))
      .map((text) => JSON.parse(text) as Pick<PlayedEpisode, "won" | "return" | "steps">);
    console.log(`${config.environment} here:        ${line(playTeam(name, { episodes }).episodes)}`);
    console.log(`${config.environment} in SMAClite: ${line(there)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
