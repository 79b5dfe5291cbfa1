import type { Environment } from "../src/envs/environment.js";
import { createEnvironment, environmentNames } from "../src/envs/index.js";
import { type PlaySummary, playEpisodes, type Policy, scripts, uniformRandom } from "../src/envs/play.js";
import { bestBlind, untrainedNetwork } from "./policies.js";

// Prints as Markdown how policies that learned nothing do, map by map: `npx tsx bench/scripted-play.ts
// [starcraft|smaclite] [episodes] [map ...]`.
const [rules = "starcraft", episodes = "200", ...names] = process.argv.slice(2);
if (rules !== "starcraft" && rules !== "smaclite") {
  console.error(
    `Unknown rules "${rules}": usage is npx tsx bench/scripted-play.ts [starcraft|smaclite] [episodes] [map ...]`,
  );
  process.exit(1);
}
const maps = names.length > 0 ? names : environmentNames.filter((name) => "battle" in createEnvironment(name));
const row = (cells: readonly string[]): void => console.log(`| ${cells.join(" | ")} |`);
const figures = ({ winRate, meanReturn, returnError, meanLength, timeouts }: PlaySummary): string[] => [
  `${(100 * winRate).toFixed(1)} %`,
  `${meanReturn.toFixed(2)} (${returnError.toFixed(2)})`,
  meanLength.toFixed(1),
  String(timeouts),
];

/** Joins many networks into one policy. Each plays some battles, and the next one takes over when a battle begins. */
function many(make: (seed: number) => Policy, each: number): Policy {
  let battle = 0;
  let policy = make(0);
  return (env, jointAction, t) => {
    if (t === 0 && battle++ % each === 0) policy = make(Math.floor(battle / each));
    policy(env, jointAction, t);
  };
}

const untaught = (env: Environment): Record<string, Policy> => ({
  random: uniformRandom(1),
  blind: bestBlind(env),
  untrained: many((seed) => untrainedNetwork(env, seed), 10),
});

row(["map", "policy", "episodes", "win", "return (s.e.)", "length", "time-outs"]);
row(Array<string>(7).fill("---"));
for (const name of maps) {
  const env = createEnvironment(name, { rules });
  for (const [policy, play] of Object.entries({ ...untaught(env), ...scripts })) {
    row([name, policy, episodes, ...figures(playEpisodes(env, play, { episodes: Number(episodes) }))]);
  }
}
