import { writeFileSync } from "node:fs";
import { referenceFolder } from "../src/analysis/recorded-battle.js";
import { uniformRandom } from "../src/envs/play.js";
import { type BattleEnvironment, createBattleEnvironment } from "../src/envs/starcraft/environment.js";
import { maps } from "../src/envs/starcraft/maps.js";
import { type EnemyHabits, HABITS } from "../src/envs/starcraft/rules.js";
import type { RealGameRow } from "../src/figures/real-game.js";
import { type BattleOutcome, playBattles, recordBattle, recordedOutcome, replayBattle } from "./real-game/battles.js";
import { networkPolicy } from "./real-game/network.js";
import { readReference, type RealNetwork, type Reference } from "./real-game/reference.js";

/** Battles of ours that are replayed, three times each. */
const OWN_BATTLES = 40;
const MAPS = ["3m", "8m", "2s3z", "3s5z", "2c_vs_64zg"];
/** Largest mean absolute difference of win rates. */
const WIN_TOLERANCE: Readonly<Record<string, number>> = { "3m": 0.05, "8m": 0.08, "2s3z": 0.12 };
/** Largest difference of allies left. */
const LEFT_TOLERANCE: Readonly<Record<string, number>> = { "3m": 0.4, "8m": 0.7, "2s3z": 0.7 };
/**
 * Win rates of the networks whose training is not logged: 3m from its learning curve, 2c_vs_64zg from the median curve
 * of five seeds, both in the reference's tables.
 */
const CURVES: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  "3m": [
    [200_000, 0.97],
    [600_000, 0.99],
    [1_000_000, 0.99],
    [1_400_000, 0.99],
    [1_800_000, 0.99],
  ],
  "2c_vs_64zg": [
    [200_000, 0],
    [600_000, 0.2],
    [1_000_000, 0.8],
    [1_400_000, 0.9],
    [1_800_000, 0.95],
  ],
};

/**
 * Compares battles with everything in the reference, map by map; `report` is called with each row.
 *
 * @param habits other numbers than ours
 */
export function measureRealGame(
  reference: Reference,
  battles: number,
  report: (row: RealGameRow) => void,
  { names = MAPS, habits = HABITS }: { names?: readonly string[]; habits?: EnemyHabits } = {},
): void {
  for (const map of names) {
    const env = createBattleEnvironment(
      maps.find(({ name }) => name === map)!,
      "starcraft",
      habits,
    );
    const row = (measure: string, here: number, real: number, target = "", met?: boolean): void =>
      report({ map, measure, here, real, target, met });
    measureNetworks(env, reference, battles, row);
    measureReplays(env, reference, row);
    measureOwnReplays(env, reference, row);
    const near = reference.random.get(map);
    if (near === undefined) continue;
    const random = playBattles(env, uniformRandom(1), battles);
    const part = (here: number, real: number, most: number) =>
      [`within ${100 * most} %`, Math.abs(here / real - 1) <= most] as const;
    const paid = mean(random.map((battle) => battle.return));
    const long = mean(random.map(({ length }) => length));
    row("random play: return", paid, near.return, ...part(paid, near.return, 0.08));
    row("random play: steps", long, near.length, ...part(long, near.length, 0.06));
    row("random play: win rate", winRate(random), 0, "no wins", winRate(random) === 0);
  }
}

type Row = (measure: string, here: number, real: number, target?: string, met?: boolean) => void;

function measureNetworks(env: BattleEnvironment, reference: Reference, battles: number, row: Row): void {
  const networks = reference.networks.filter(({ map }) => map === env.name).sort((a, b) => a.step - b.step);
  if (networks.length === 0) return;
  const played = networks.map((network) => playBattles(env, networkPolicy(network.file, env), battles));
  const rates = played.map(winRate);
  networks.forEach((network, k) => {
    const real = realRate(network);
    const late = network.step >= 600_000;
    const goal: readonly [string?, boolean?] =
      env.name in WIN_TOLERANCE
        ? late
          ? ["within .20", Math.abs(rates[k] - real) <= 0.2]
          : []
        : network.step >= 950_000
          ? ["at least .6", rates[k] >= 0.6]
          : [];
    row(`network of ${Math.round(network.step / 1000)}k steps: win rate`, rates[k], real, ...goal);
  });
  const most = WIN_TOLERANCE[env.name];
  if (most !== undefined) {
    const difference = mean(networks.map((network, k) => Math.abs(rates[k] - realRate(network))));
    row("networks: mean difference of win rates", difference, 0, `at most ${most}`, difference <= most);
  }
  const last = played.at(-1)!;
  const recorded = recordingsOf(reference, env.name, "qmix");
  if (recorded.length === 0) return;
  const left = LEFT_TOLERANCE[env.name];
  compare(
    row,
    "last network: allies left",
    last.map(({ alliesLeft }) => alliesLeft),
    recorded.map(({ alliesLeft }) => alliesLeft),
    left,
  );
  compare(
    row,
    "last network: first ally death, loop",
    deaths(last, "firstAllyDeath"),
    deaths(recorded, "firstAllyDeath"),
    left === undefined ? undefined : 12,
  );
  compare(
    row,
    "last network: first enemy death, loop",
    deaths(last, "firstEnemyDeath"),
    deaths(recorded, "firstEnemyDeath"),
  );
  if (env.name === "2s3z") {
    const zealots = (outcomes: readonly BattleOutcome[]) =>
      mean(
        outcomes.flatMap(({ firstAllyType }) =>
          firstAllyType === undefined ? [] : [Number(firstAllyType === "zealot")],
        ),
      );
    const [here, real] = [zealots(last), zealots(recorded)];
    row(
      "last network: first ally death is a zealot's, share",
      here,
      real,
      "the same majority",
      here > 0.5 === real > 0.5,
    );
  }
}

function measureReplays(env: BattleEnvironment, reference: Reference, row: Row): void {
  const isMarines = env.name === "3m" || env.name === "8m";
  for (const [name, battles] of reference.battles) {
    if (!name.startsWith(`${env.name}-`)) continue;
    // The first battle after the game's start differs: its enemies are one loop late.
    const replays = battles
      .slice(1)
      .flatMap((battle, k) => [1, 2, 3].map((seed) => replayBattle(env, battle, 1000 * seed + k)));
    const recorded = replays.map((replay) => replay.recorded);
    const outcomes = replays.map(({ outcome }) => outcome);
    for (const loop of [24, 32, 40, 48]) {
      const distances = replays.flatMap((replay) =>
        replay.distances.flatMap(([at, distance]) => (at === loop ? [distance] : [])),
      );
      if (distances.length < 30) continue;
      const isAsked = isMarines && (loop === 32 || loop === 40);
      row(
        `${name} replayed: enemies' distance at loop ${loop}`,
        mean(distances),
        0,
        isAsked ? "within .15" : "",
        isAsked ? mean(distances) <= 0.15 : undefined,
      );
    }
    compare(
      row,
      `${name} replayed: first enemy death, loop`,
      deaths(outcomes, "firstEnemyDeath"),
      deaths(recorded, "firstEnemyDeath"),
      isMarines ? 4 : undefined,
    );
    compare(
      row,
      `${name} replayed: first ally death, loop`,
      deaths(outcomes, "firstAllyDeath"),
      deaths(recorded, "firstAllyDeath"),
      isMarines ? 10 : undefined,
    );
    compare(
      row,
      `${name} replayed: allies left`,
      outcomes.map(({ alliesLeft }) => alliesLeft),
      recorded.map(({ alliesLeft }) => alliesLeft),
      isMarines ? LEFT_TOLERANCE[env.name] : undefined,
    );
  }
}

/**
 * The same with battles of ours, which the last network plays and whose orders are repeated under other seeds: so far
 * apart come battles that follow the same rules and differ by chance. How those battles went is in the rows of the last
 * network.
 */
function measureOwnReplays(env: BattleEnvironment, reference: Reference, row: Row): void {
  const last = reference.networks
    .filter(({ map }) => map === env.name)
    .sort((a, b) => a.step - b.step)
    .at(-1);
  if (last === undefined || env.name.endsWith("64zg")) return;
  const policy = networkPolicy(last.file, env);
  const battles = Array.from({ length: OWN_BATTLES }, (_, k) => recordBattle(env, policy, 100_000 + k));
  const replays = battles.flatMap((battle, k) => [1, 2, 3].map((seed) => replayBattle(env, battle, 1000 * seed + k)));
  const outcomes = replays.map(({ outcome }) => outcome);
  const title = "own battles replayed under other seeds";
  for (const loop of [32, 40]) {
    const distances = replays.flatMap((replay) =>
      replay.distances.flatMap(([at, distance]) => (at === loop ? [distance] : [])),
    );
    row(`${title}: enemies' distance at loop ${loop}`, mean(distances), NaN);
  }
  row(`${title}: first enemy death, loop`, mean(deaths(outcomes, "firstEnemyDeath")), NaN);
  row(`${title}: first ally death, loop`, mean(deaths(outcomes, "firstAllyDeath")), NaN);
  row(`${title}: allies left`, mean(outcomes.map(({ alliesLeft }) => alliesLeft)), NaN);
  row(`${title}: win rate`, winRate(outcomes), NaN);
}

function compare(row: Row, measure: string, here: readonly number[], real: readonly number[], most?: number): void {
  row(
    measure,
    mean(here),
    mean(real),
    most === undefined ? "" : `within ${most}`,
    most === undefined ? undefined : Math.abs(mean(here) - mean(real)) <= most,
  );
}

function recordingsOf(reference: Reference, map: string, kind: string): BattleOutcome[] {
  return (reference.battles.get(`${map}-${kind}`) ?? []).map(recordedOutcome);
}

function realRate({ map, step, winRate }: RealNetwork): number {
  if (winRate !== undefined) return winRate;
  const curve = CURVES[map] ?? [];
  return curve.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best), [
    Infinity,
    NaN,
  ] as readonly [number, number])[1];
}

function deaths(outcomes: readonly BattleOutcome[], side: "firstAllyDeath" | "firstEnemyDeath"): number[] {
  return outcomes.flatMap((outcome) => outcome[side] ?? []);
}

function winRate(outcomes: readonly BattleOutcome[]): number {
  return mean(outcomes.map(({ won }) => Number(won)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Prints the table that compares our battles with the real game's, as far as the reference is available; a line says
 * what is missing.
 *
 * @param csv a file to write the rows to, for example data/results/real-game.csv
 */
export function realGame(options: { readonly quick: boolean; readonly csv?: string }): void {
  const folder = referenceFolder();
  if (folder === undefined) {
    console.log(
      "Real game: there is no reference; set MAST_REFERENCE to the folder that holds networks.csv, battles/ and random-play.csv.",
    );
    return;
  }
  const rows: RealGameRow[] = [];
  const text = (value: number): string =>
    Number.isNaN(value) ? "" : Math.abs(value) >= 20 ? value.toFixed(1) : value.toFixed(2);
  measureRealGame(readReference(folder), options.quick ? 4 : 200, (row) => {
    rows.push(row);
    const verdict = row.met === undefined ? "" : row.met ? `${row.target}: yes` : `${row.target}: NO`;
    console.log(
      `${row.map.padEnd(11)}${row.measure.padEnd(56)}${text(row.here).padStart(8)}${text(row.real).padStart(8)}  ${verdict}`.trimEnd(),
    );
  });
  const asked = rows.filter(({ met }) => met !== undefined);
  console.log(`${asked.filter(({ met }) => met).length} of ${asked.length} targets met`);
  if (options.csv === undefined) return;
  const lines = rows.map(({ map, measure, here, real, target, met }) =>
    [map, measure, here.toFixed(4), Number.isNaN(real) ? "" : real.toFixed(4), target, met ?? ""]
      .map((cell) => (String(cell).includes(",") ? `"${cell}"` : cell))
      .join(","),
  );
  writeFileSync(options.csv, `map,measure,here,real,target,met\n${lines.join("\n")}\n`);
}
