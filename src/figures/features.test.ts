import { describe, expect, it } from "vitest";
import { createEnvironment } from "../envs/index.js";
import { uniformRandom } from "../envs/play.js";
import {
  agentTypes,
  featureTable,
  inputBlocks,
  inputFeatures,
  observationFeatures,
  stateFeatures,
} from "./features.js";

describe.each(["3m", "2s3z", "MMM"])("features of %s", (name) => {
  const env = createEnvironment(name);
  const policy = uniformRandom(3);
  const joint = new Uint8Array(env.sizes.agents);
  env.reset(5);
  for (let t = 0; t < 12 && !env.ended; t++) {
    policy(env, joint);
    env.step(joint);
  }
  const { units } = env.snapshot();
  const allies = units.filter(({ side }) => side === "ally"),
    enemies = units.filter(({ side }) => side === "enemy");

  it("names every entry of observation and state", () => {
    expect(observationFeatures(env, 0)).toHaveLength(env.sizes.observation);
    expect(stateFeatures(env)).toHaveLength(env.sizes.state);
  });

  it("names each value as what the drawn battle shows", () => {
    let checked = 0;
    allies.forEach((self, agent) => {
      if (!self.alive) return;
      const own = env.observations.subarray(agent * env.sizes.observation, (agent + 1) * env.sizes.observation);
      observationFeatures(env, agent).forEach(({ block, name: entry }, i) => {
        const [kind, number] = block.split(" ");
        const other =
          kind === "enemy" ? enemies[Number(number) - 1] : kind === "ally" ? allies[Number(number) - 1] : self;
        const dx = other.x - self.x,
          dy = other.y - self.y,
          distance = Math.hypot(dx, dy);
        const seen = kind === "own" || (other.alive && distance < 9);
        const expected: Record<string, number> = {
          "distance / 9": distance / 9,
          "dx / 9": dx / 9,
          "dy / 9": dy / 9,
          health: other.health / other.maxHealth,
          shield: other.maxShield > 0 ? other.shield / other.maxShield : 0,
          [`is ${other.type}`]: 1,
        };
        if (kind === "moves" || entry === "may be attacked" || entry === "visible") return;
        expect(own[i], `${name}, agent ${agent}, ${block}: ${entry}`).toBeCloseTo(seen ? (expected[entry] ?? 0) : 0, 4);
        checked++;
      });
    });
    expect(checked).toBeGreaterThan(20);
  });

  it("names the state as what the drawn battle shows", () => {
    stateFeatures(env).forEach(({ block, name: entry }, i) => {
      const [kind, number] = block.split(" ");
      if (kind === "last") return expect(entry).toMatch(/^action \d+$/);
      const unit = (kind === "enemy" ? enemies : allies)[Number(number) - 1];
      const expected: Record<string, number> = {
        health: unit.health / unit.maxHealth,
        "(x - 16) / 32": (unit.x - 16) / 32,
        "(y - 16) / 32": (unit.y - 16) / 32,
        shield: unit.maxShield > 0 ? unit.shield / unit.maxShield : 0,
        [`is ${unit.type}`]: 1,
      };
      if (entry === "cooldown" || entry === "energy") return;
      expect(env.state[i], `${name}, ${block}: ${entry}`).toBeCloseTo(unit.alive ? (expected[entry] ?? 0) : 0, 4);
    });
    const chosen = stateFeatures(env).flatMap(({ block, name: entry }, i) =>
      block.startsWith("last") && env.state[i] === 1 ? [Number(entry.slice(7))] : [],
    );
    expect(chosen).toEqual([...joint]);
  });

  it("groups every input of the agent network by what it means, one of each other unit", () => {
    const groups = inputFeatures(env);
    expect(groups.flatMap(({ inputs }) => inputs).sort((a, b) => a - b)).toEqual(
      Array.from({ length: env.sizes.observation + env.sizes.actions + env.sizes.agents }, (_, i) => i),
    );
    const inputs = (wanted: string): readonly number[] => groups.find(({ name: group }) => group === wanted)!.inputs;
    expect(inputs("enemy: health")).toHaveLength(enemies.length);
    expect(inputs("ally: health")).toHaveLength(allies.length - 1);
    for (const agent of allies.keys()) {
      const own = env.observations.subarray(agent * env.sizes.observation, (agent + 1) * env.sizes.observation);
      const seen = enemies.filter(
        (enemy) =>
          allies[agent].alive && enemy.alive && Math.hypot(enemy.x - allies[agent].x, enemy.y - allies[agent].y) < 9,
      );
      expect(
        inputs("enemy: health")
          .map((i) => own[i])
          .filter((value) => value > 0),
      ).toHaveLength(seen.length);
    }
    expect(agentTypes(env)).toEqual(allies.map(({ type }) => type));
  });

  it("covers the agent network's input with blocks", () => {
    const blocks = inputBlocks(env);
    expect(blocks[0].start).toBe(0);
    blocks.slice(1).forEach(({ start }, k) => expect(start).toBe(blocks[k].start + blocks[k].length));
    const end = blocks.at(-1)!;
    expect(end.start + end.length).toBe(env.sizes.observation + env.sizes.actions + env.sizes.agents);
  });
});

it("refuses values that are not of these features", () => {
  const env = createEnvironment("3m");
  expect(() => featureTable(observationFeatures(env, 0), env.observations)).toThrow("90 values for 30 features");
});
