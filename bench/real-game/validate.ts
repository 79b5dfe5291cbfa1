import { referenceFolder } from "../../src/analysis/recorded-battle.js";
import { createBattleEnvironment } from "../../src/envs/starcraft/environment.js";
import { maps } from "../../src/envs/starcraft/maps.js";
import { type EnemyHabits, HABITS } from "../../src/envs/starcraft/rules.js";
import { playBattles, recordedOutcome } from "./battles.js";
import { networkPolicy } from "./network.js";
import { readReference } from "./reference.js";

// `npx tsx bench/real-game/validate.ts [battles]`: tests whether our numbers of the enemies' behaviour hold on a map
// that was not used to choose them. For each map they are chosen from a grid by the other two maps, and the map that
// was left out is then measured with them. Then the effect of each number is measured.

/** Steps at which the win rate of 3m's networks is known from its learning curve only. */
const CURVE_3M: readonly [number, number][] = [[200_000, 0.97]];
/** Targets of each map: mean difference of win rates, allies left, loop of the first ally death. */
const ASKED: Readonly<Record<string, readonly [number, number, number]>> = {
  "3m": [0.05, 0.4, 12],
  "8m": [0.08, 0.7, 12],
  "2s3z": [0.12, 0.7, 12],
};
const NAMES = Object.keys(ASKED);

const folder = referenceFolder();
if (folder === undefined) throw new Error("There is no reference: set MAST_REFERENCE to its folder.");
const reference = readReference(folder);
const battles = Number(process.argv[2] ?? 60);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Measures how far a map is from the real game: the differences of win rates, of allies left, and of the first ally
 * death.
 */
function measure(name: string, habits: EnemyHabits): readonly [number, number, number] {
  const env = createBattleEnvironment(
    maps.find((map) => map.name === name)!,
    "starcraft",
    habits,
  );
  const networks = reference.networks.filter(({ map }) => map === name).sort((a, b) => a.step - b.step);
  const played = networks.map(({ file }) => playBattles(env, networkPolicy(file, env), battles));
  const real = networks.map(
    ({ winRate, step }) => winRate ?? CURVE_3M.find(([at]) => Math.abs(at - step) < 100_000)?.[1] ?? 0.99,
  );
  const rates = played.map((outcomes) => mean(outcomes.map(({ won }) => Number(won))));
  const recorded = reference.battles.get(`${name}-qmix`)!.map(recordedOutcome);
  const last = played.at(-1)!;
  return [
    mean(rates.map((rate, k) => Math.abs(rate - real[k]))),
    mean(last.map(({ alliesLeft }) => alliesLeft)) - mean(recorded.map(({ alliesLeft }) => alliesLeft)),
    mean(last.flatMap(({ firstAllyDeath }) => firstAllyDeath ?? [])) -
      mean(recorded.flatMap(({ firstAllyDeath }) => firstAllyDeath ?? [])),
  ];
}

/** Sums the misses, each in units of its target. */
function badness(name: string, parts: readonly [number, number, number]): number {
  return parts.reduce((sum, part, k) => sum + Math.abs(part) / ASKED[name][k], 0);
}

const write = (parts: readonly [number, number, number]): string =>
  `${parts[0].toFixed(3)}  ${parts[1].toFixed(2)}  ${parts[2].toFixed(1)}`;
const say = ({ lookPeriod, comrade, comradeAgain, whim }: EnemyHabits): string =>
  `looks every ${lookPeriod}, comrade ${comrade}, comradeAgain ${comradeAgain}, whim ${whim}`;

const grid = [8, 12, 16].flatMap((lookPeriod) =>
  [0, 10].flatMap((comrade) =>
    [0, 2, 10].flatMap((comradeAgain) =>
      [0, 5, 10].map((whim): EnemyHabits => ({ ...HABITS, lookPeriod, comrade, comradeAgain, whim })),
    ),
  ),
);
const table = grid.map((habits) => {
  const parts = Object.fromEntries(NAMES.map((name) => [name, measure(name, habits)]));
  console.log(`${say(habits)}: ${NAMES.map((name) => `${name} ${write(parts[name])}`).join(" | ")}`);
  return { habits, parts };
});
console.log(
  "\nmap left out: chosen by the other two; difference of win rates, of allies left, of the first ally death",
);
for (const out of NAMES) {
  const score = ({ parts }: (typeof table)[number]): number =>
    NAMES.filter((name) => name !== out).reduce((sum, name) => sum + badness(name, parts[name]), 0);
  const best = table.reduce((a, b) => (score(b) < score(a) ? b : a));
  console.log(`${out}: ${say(best.habits)}; ${write(best.parts[out])}`);
}
console.log("\none number changed: the same, of all three maps");
const others: Partial<EnemyHabits>[] = [
  {},
  { old: 5 },
  { old: 80 },
  { leash: 1 },
  { leash: 6 },
  { hunt: 3 },
  { hunt: 9 },
  { callForHelp: 2 },
  { callForHelp: 8 },
];
for (const other of others) {
  const parts = NAMES.map((name) => `${name} ${write(measure(name, { ...HABITS, ...other }))}`);
  console.log(`${JSON.stringify(other)}: ${parts.join(" | ")}`);
}
