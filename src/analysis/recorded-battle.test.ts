import { afterEach, expect, it, vi } from "vitest";
import { battlePair, recordingOf, type RecordedBattle } from "./recorded-battle.js";

afterEach(() => vi.unstubAllEnvs());

/** An invented battle of three steps, in which one enemy and one ally die. */
const battle: RecordedBattle = {
  win: false,
  units: [
    ["A0", "Marine_RL", 9, 16],
    ["A1", "Marine_RL", 9, 15],
    ["A2", "Marine_RL", 9, 16],
    ["E0", "Marine", 23, 16],
    ["E1", "Marine", 23, 15],
    ["E2", "Marine", 23, 16],
  ],
  steps: [
    [0, { A0: ["E", 9, 16], A1: ["s"], A2: ["N", 9.7, 16] }, {}],
    [8, { A0: ["m?"], A1: ["a", "E2"], A2: ["a", "E2"] }, { E2: [21, 16] }],
    [16, { A0: ["W", 11, 16], A1: ["s"] }, {}],
  ],
  deaths: [
    [15, "A2", "E0", 9, 17],
    [20, "E2", "A1", 21, 16],
  ],
};

it("draws units where they were known to be, and on the line between", () => {
  const { frames, actions, rewards, won } = recordingOf(battle, "3m");
  expect(frames).toHaveLength(4);
  expect(frames.map(({ units }) => units[0].x)).toEqual([9, 10, 11, 11]);
  expect(frames[1].units[5]).toMatchObject({ x: 21, y: 16, side: "enemy" });
  expect(frames.map(({ units }) => units.map(({ alive }) => Number(alive)).join(""))).toEqual([
    "111111",
    "111111",
    "110111",
    "110110",
  ]);
  expect(frames[2].units[1].target).toBe(5);
  expect(actions).toEqual([
    [4, 1, 2],
    [4, 8, 8],
    [5, 1, 0],
  ]);
  expect(rewards).toEqual([0, 0, 0]);
  expect(won).toBe(false);
  const places = new Set(frames[0].units.map(({ x, y }) => `${x} ${y}`));
  expect(places.size).toBe(6);
});

it("has nothing to show where there are no recordings", () => {
  vi.stubEnv("MAST_REFERENCE", "/nowhere");
  expect(battlePair("3m")).toBeUndefined();
});
