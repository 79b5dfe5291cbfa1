import { referenceFolder } from "../../src/analysis/recorded-battle.js";
import { playEpisodes } from "../../src/envs/play.js";
import { createBattleEnvironment } from "../../src/envs/starcraft/environment.js";
import { maps } from "../../src/envs/starcraft/maps.js";
import { type EnemyHabits, HABITS } from "../../src/envs/starcraft/rules.js";
import type { RealGameRow } from "../../src/figures/real-game.js";
import { bestBlind } from "../policies.js";
import { measureRealGame } from "../real-game.js";
import { readReference } from "./reference.js";

// How near do several rule sets come to the targets that ours misses, and which others do they miss? Prints Markdown:
// `npx tsx bench/real-game/rule-sets.ts [battles] [HABITS as JSON ...]`, for example 200 '{"whim":10}'; without rule
// sets, those below.

const RULE_SETS: readonly Partial<EnemyHabits>[] = [
  {},
  { whim: 10 },
  { whim: 20 },
  { whim: 0, comradeAgain: 10, old: 5 },
  { comradeAgain: 0 },
  { comrade: 0, comradeAgain: 0, whim: 0, old: 80 },
  { comrade: 0, comradeAgain: 0, whim: 100 },
  { lookPeriod: 8 },
  { lookPeriod: 16 },
];
const MAPS = ["3m", "8m", "2s3z"];
/** Battles that the best blind sequence plays. */
const BLIND = 200;

const folder = referenceFolder();
if (folder === undefined) throw new Error("There is no reference here: set MAST_REFERENCE to its folder.");
const reference = readReference(folder);
const [battles = "200", ...given] = process.argv.slice(2);
const sets = given.length > 0 ? given.map((set) => JSON.parse(set) as Partial<EnemyHabits>) : RULE_SETS;
const measured = sets.map((set) => {
  const rows: RealGameRow[] = [];
  const habits = { ...HABITS, ...set };
  measureRealGame(reference, Number(battles), (row) => rows.push(row), { names: MAPS, habits });
  const blind = ["3m", "8m"].map((name) => {
    const env = createBattleEnvironment(
      maps.find((map) => map.name === name)!,
      "starcraft",
      habits,
    );
    return playEpisodes(env, bestBlind(env), { episodes: BLIND }).winRate;
  });
  console.error(`${JSON.stringify(set)}: ${rows.filter(({ met }) => met === true).length} met`);
  return { name: Object.keys(set).length === 0 ? "as they are" : JSON.stringify(set), rows, blind };
});

const line = (cells: readonly string[]): void => console.log(`| ${cells.join(" | ")} |`);
const text = (value: number): string => value.toFixed(Math.abs(value) >= 20 ? 1 : 2);
line(["measure", "real game", "asked", ...measured.map(({ name }) => `\`${name}\``)]);
line(Array<string>(3 + measured.length).fill("---"));
measured[0].rows.forEach(({ map, measure, real, target }, k) => {
  // What any rule set misses is shown, in bold where it is missed.
  if (measured.every(({ rows }) => rows[k].met !== false)) return;
  const cells = measured.map(({ rows }) => (rows[k].met === false ? `**${text(rows[k].here)}**` : text(rows[k].here)));
  line([`${map}: ${measure}`, Number.isNaN(real) ? "" : text(real), target, ...cells]);
});
for (const [k, map] of ["3m", "8m"].entries())
  line([`${map}: best blind sequence, win rate`, "", "0", ...measured.map(({ blind }) => text(blind[k]))]);
const counts = measured.map(({ rows }) => rows.flatMap(({ met }) => (met === undefined ? [] : [met])));
line(["targets met on these maps", "", "", ...counts.map((met) => `${met.filter(Boolean).length} of ${met.length}`)]);
