import { describe, expect, it } from "vitest";
import { createEnvironment, environmentNames } from "./index.js";

describe("createEnvironment", () => {
  // The sizes that SMAC and Multi-Agent MuJoCo publish.
  const sizes: Record<string, [agents: number, observation: number, state: number, actions: number, limit: number]> = {
    "3m": [3, 30, 48, 9, 60],
    "8m": [8, 80, 168, 14, 120],
    "5m_vs_6m": [5, 55, 98, 12, 70],
    "2s3z": [5, 80, 120, 11, 120],
    "3s5z": [8, 128, 216, 14, 150],
    "1c3s5z": [9, 162, 270, 15, 180],
    MMM: [10, 160, 290, 16, 150],
    "2c_vs_64zg": [2, 332, 342, 70, 400],
    "8m_vs_9m": [8, 85, 179, 15, 120],
    "27m_vs_30m": [27, 285, 1170, 36, 180],
    MMM2: [10, 176, 322, 18, 180],
    "3s_vs_5z": [3, 48, 68, 11, 250],
    corridor: [6, 156, 282, 30, 400],
    "two-step": [2, 3, 3, 2, 2],
    climbing: [2, 1, 1, 3, 1],
    humanoid: [2, 18, 376, 9, 1000],
    "humanoid-standup": [2, 18, 376, 9, 1000],
    "manyagent-swimmer": [10, 4, 44, 2, 1000],
  };

  it.each(Object.entries(sizes))(
    "has the published sizes on %s",
    (name, [agents, observation, state, actions, episodeLimit]) => {
      const env = createEnvironment(name);
      expect(env.sizes).toMatchObject({ agents, observation, state, actions, episodeLimit });
      env.reset(1);
      expect(env.observations.length).toBe(agents * observation);
      expect(env.state.length).toBe(state);
      expect(env.availableActions.length).toBe(agents * actions);
      expect(env.deterministic).toBe(true);
    },
  );

  it("names every environment", () => {
    expect([...environmentNames].sort()).toEqual(Object.keys(sizes).sort());
  });

  it("refuses an unknown name in one line with the nearest and all allowed ones", () => {
    expect(() => createEnvironment("2s3x")).toThrow(
      /^Unknown environment "2s3x": did you mean "2s3z"\? allowed are 3m, .*manyagent-swimmer\.$/,
    );
    expect(() => createEnvironment("mmm")).toThrow(/did you mean "MMM"/);
  });

  it("refuses unknown rules", () => {
    expect(() => createEnvironment("3m", { rules: "sc2" as "starcraft" })).toThrow(
      'Unknown rules "sc2": allowed are starcraft, smaclite.',
    );
  });
});
