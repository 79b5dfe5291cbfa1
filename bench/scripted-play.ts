import { createEnvironment, environmentNames } from "../src/envs/index.js";
import type { PlaySummary } from "../src/envs/play.js";
import { playEpisodes, scripts, uniformRandom } from "../src/envs/play.js";

// Scripted and random play, map by map, as Markdown: `npx tsx bench/scripted-play.ts [starcraft|smaclite] [episodes] [map ...]`.
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

row(["map", "policy", "episodes", "win", "return (s.e.)", "length", "time-outs"]);
row(Array<string>(7).fill("---"));
for (const name of maps) {
  const env = createEnvironment(name, { rules });
  for (const [policy, play] of Object.entries({ random: uniformRandom(1), ...scripts })) {
    row([name, policy, episodes, ...figures(playEpisodes(env, play, { episodes: Number(episodes) }))]);
  }
}
