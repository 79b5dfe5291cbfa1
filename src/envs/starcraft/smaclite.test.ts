import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { playEpisodes, scripts, uniformRandom } from "../play.js";
import { createBattleEnvironment } from "./environment.js";
import type { BattleEnvironment } from "./environment.js";
import { maps } from "./maps.js";

type UnitRow = [index: number, x: number, y: number, health: number, shield: number];
interface Recording {
  map: string;
  script: string;
  seed: number;
  actions: number[][];
  rewards: number[];
  done: boolean;
  won: boolean;
  units: { step: number; allies: UnitRow[]; enemies: UnitRow[] }[];
  seen?: { step: number; observations: number[][]; state: number[] }[];
}
const { episodes } = JSON.parse(readFileSync(new URL("./recordings.json", import.meta.url), "utf8")) as {
  episodes: Recording[];
};

const smaclite = (name: string): BattleEnvironment =>
  createBattleEnvironment(
    maps.find((map) => map.name === name)!,
    "smaclite",
  );

describe("recorded play of SMAClite", () => {
  it.each(episodes.map((episode) => [`${episode.map} ${episode.script} ${episode.seed}`, episode] as const))(
    "is reproduced on %s",
    (_, recording) => {
      const env = smaclite(recording.map);
      env.reset(recording.seed);
      compare(env, recording, 0);
      recording.actions.forEach((joint, t) => {
        env.step(joint);
        expect(env.reward).toBeCloseTo(recording.rewards[t], 5);
        compare(env, recording, t + 1);
      });
      expect(env.ended).toBe(recording.done);
      expect(env.won).toBe(recording.won);
    },
  );
});

function compare(
  { battle: b, observations, state, sizes }: BattleEnvironment,
  recording: Recording,
  step: number,
): void {
  for (const moment of recording.units.filter((candidate) => candidate.step === step)) {
    const rows = [...moment.allies, ...moment.enemies.map(([j, ...rest]): UnitRow => [j + b.allies, ...rest])];
    expect([...b.alive.keys()].filter((i) => b.alive[i] === 1)).toEqual(rows.map(([i]) => i));
    for (const [i, x, y, health, shield] of rows) {
      // Recorded to four decimals; the play itself agrees to the last bit.
      expect(Math.abs(b.x[i] - x)).toBeLessThan(1e-4);
      expect(Math.abs(b.y[i] - y)).toBeLessThan(1e-4);
      expect(Math.abs(b.health[i] - health)).toBeLessThan(1e-4);
      expect(Math.abs(b.shield[i] - shield)).toBeLessThan(1e-4);
    }
  }
  for (const moment of recording.seen?.filter((candidate) => candidate.step === step) ?? []) {
    moment.observations.forEach((observation, i) => {
      const ours = observations.subarray(i * sizes.observation, (i + 1) * sizes.observation);
      expect(Math.max(...observation.map((value, k) => Math.abs(value - ours[k])))).toBeLessThan(1e-4);
    });
    expect(Math.max(...moment.state.map((value, k) => Math.abs(value - state[k])))).toBeLessThan(1e-4);
  }
}

describe("means over SMAClite's play-outs", () => {
  // The mean and standard error of return and length over 230 and 233 episodes of random play in SMAClite.
  it.each([
    ["3m", 1.41, 0.04, 25.8, 0.9],
    ["2s3z", 3.88, 0.06, 45.2, 1.2],
  ])("random play on %s agrees within 3 standard errors", (name, meanReturn, returnError, meanLength, lengthError) => {
    const env = smaclite(name);
    const ours = playEpisodes(env, uniformRandom(11), { episodes: 400, seed: 1 });
    expect(ours.wins).toBe(0);
    expect(Math.abs(ours.meanReturn - meanReturn)).toBeLessThan(3 * Math.hypot(ours.returnError, returnError));
    expect(Math.abs(ours.meanLength - meanLength)).toBeLessThan(3 * Math.hypot(ours.lengthError, lengthError));
  });

  it.each([
    ["3m", "east", 1, 20, 19],
    ["3m", "nearestTarget", 1, 20, 17],
    ["3m", "stop", 0, 0, 18],
    ["2s3z", "east", 0, 10.3137, 38],
  ])("%s %s is the same in every order of units", (name, script, winRate, meanReturn, meanLength) => {
    const ours = playEpisodes(smaclite(name), scripts[script], { episodes: 20 });
    expect(ours.winRate).toBe(winRate);
    expect(ours.meanReturn).toBeCloseTo(meanReturn, 4);
    expect(ours.meanLength).toBe(meanLength);
    expect(ours.returnError).toBeCloseTo(0, 6);
  });

  it("wins 2s3z by shooting the nearest, as in SMAClite: 55.6 steps on average, standard error 1.6", () => {
    const ours = playEpisodes(smaclite("2s3z"), scripts.nearestTarget, { episodes: 40 });
    expect(ours.winRate).toBe(1);
    expect(ours.meanReturn).toBeCloseTo(20, 6);
    expect(Math.abs(ours.meanLength - 55.6)).toBeLessThan(3 * Math.hypot(ours.lengthError, 1.6));
  });
});

it("lets zerglings run against the cliff, as SMAClite does", () => {
  const env = smaclite("2c_vs_64zg");
  env.reset(1);
  for (let t = 0; t < 30; t++) env.step([1, 1]);
  const { battle: b } = env;
  for (let j = b.allies; j < b.units; j++) expect(b.y[j]).toBeLessThan(12);
  expect(b.shield[0] + b.shield[1]).toBe(300);
});
