import { beforeAll, describe, expect, it } from "vitest";
import { type WqmixNetworks, wqmixNetworks } from "../../algorithms/wqmix.js";
import { createRandom, type Random } from "../../random.js";
import { groupEpisodes } from "../../replay/group.js";
import { randomEpisodes, uniformLengths } from "../../replay/random-episodes.js";
import type { Engine } from "../engine.js";
import type { NetworkShape } from "../parameters.js";
import { pairsOf, randomCase, randomMasks } from "../sparse/fixtures.js";
import { createSparseEngine } from "../sparse/engine.js";
import { openBackend, type Tensorflow } from "../../node/tensorflow/backend.js";
import { createVectorisedRuns, createTensorflowEngine } from "./engine.js";

/** Whatever is asked of an engine, in whatever order, the tensorflow engine answers as the sparse engine does. */

const SHAPE: NetworkShape = {
  agents: 2,
  actions: 3,
  observation: 5,
  state: 4,
  hidden: 5,
  embed: 3,
  hypernetEmbed: 4,
  centralEmbed: 6,
  networks: wqmixNetworks,
};
// With the usual epsilon of 1e-5 a gradient that cancels to 0 but for rounding makes a step a hundred times as large as
// itself.
const OPTIMISER = { learningRate: 5e-3, alpha: 0.9, epsilon: 1e-2, gradientClip: 1 };

let tf: Tensorflow;
beforeAll(async () => {
  ({ tf } = await openBackend("cpu"));
});

/** Of [steps + more, features, lanes] the entries of lanes that have not ended. */
function counted(values: Float32Array, lengths: Int32Array, lanes: number, more = 0): number[] {
  const width = values.length / (Math.max(...lengths) + more);
  return [...values].filter((_, i) => lengths[i % lanes] > 0 && Math.floor(i / width) < lengths[i % lanes] + more);
}

/** A few dozen calls, the same for every engine that is given the same seed; what they answered, in order. */
async function use(engine: Engine<boolean, WqmixNetworks>, seed: number): Promise<[what: string, values: number[]][]> {
  const random: Random = createRandom(seed);
  const answers: [string, number[]][] = [];
  const say = (what: string, values: Iterable<number>) => answers.push([what, [...values]]);
  const names = engine.parameters.map(({ name }) => name);
  const weights = engine.parameters.filter(({ maskable }) => maskable);
  let stepped = true;
  for (let round = 0; round < 6; round++) {
    // The sparse engine pads to 16 lanes; both engines hold all episodes in one group.
    const [group] = groupEpisodes(
      randomEpisodes(SHAPE, uniformLengths(1 + random.below(5), 1, 5, random), random),
      SHAPE,
      engine.lanes,
    );
    const { lengths, lanes, steps, agents } = group;
    const episodes = group.episodes.length;
    // The numbers are compared lane by lane, so that padding makes no difference.
    const drawn = (features: number, scale = 1) => {
      const values = new Float32Array(steps * features * lanes);
      for (let lane = 0; lane < episodes; lane++)
        for (let i = 0; i < lengths[lane] * features; i++) values[i * lanes + lane] = scale * (2 * random.float() - 1);
      return values;
    };
    engine.load(group);
    if (random.float() < 0.4 && stepped) engine.requestDenseGradients();
    const [restricted, unrestricted] = pairsOf(engine);
    for (const [network, parts] of [
      ["", restricted],
      ["central ", unrestricted],
    ] as const) {
      if (random.float() < 0.3) continue;
      const both = random.float() < 0.5 ? await parts.agent.forwardBoth() : undefined;
      say(`${network}agent`, counted(both?.online ?? (await parts.agent.forward("online", true)), lengths, lanes, 1));
      if (random.float() < 0.5)
        say(
          `${network}target agent`,
          counted(both?.target ?? (await parts.agent.forward("target")), lengths, lanes, 1),
        );
      say(`${network}mixer`, counted(await parts.mixer.forward("online", drawn(agents), 0, true), lengths, lanes));
      if (random.float() < 0.5)
        say(`${network}target mixer`, counted(await parts.mixer.forward("target", drawn(agents), 1), lengths, lanes));
      const diverges = random.float() < 0.1;
      const dValues = await parts.mixer.backward(drawn(1, diverges ? NaN : 1));
      // No engine promises how far a value that is not finite spreads.
      if (!diverges) say(`${network}dValues`, counted(dValues, lengths, lanes));
      await parts.agent.backward(drawn(agents));
    }
    if (random.float() < 0.3)
      say(
        "counterfactuals",
        counted(
          await engine.networks.mixer.counterfactuals(
            "online",
            drawn(agents),
            new Float32Array(steps * agents * SHAPE.actions * lanes).fill(0.3),
            1,
          ),
          lengths,
          lanes,
        ).map((value) => (Number.isFinite(value) ? value : -1e9)),
      );
    stepped = random.float() < 0.8;
    if (stepped) say("norm", [await engine.step(OPTIMISER)]);
    const name = names[random.below(names.length)];
    const gradient = await engine.gradient(name);
    if (gradient.every(Number.isFinite)) say(`gradient ${name}`, gradient);
    if (random.float() < 0.4 && stepped) {
      const { name } = weights[random.below(weights.length)];
      engine.setMask(name, randomMasks(SHAPE, 0.5, random).get(name)!);
      say(`mask ${name}`, engine.mask(name));
    }
    if (random.float() < 0.3) engine.copyToTarget();
    if (random.float() < 0.3)
      engine.write(
        random.float() < 0.5 ? "online" : "target",
        new Map([[name, (await engine.read("online")).get(name)!.map((value) => value + 0.1)]]),
      );
    if (random.float() < 0.3)
      for (const [name, values] of await engine.read(random.float() < 0.5 ? "online" : "target"))
        say(`read ${name}`, values);
  }
  const actor = engine.createActor(2);
  actor.observations.fill(0.4);
  say("acting", actor.forward());
  for (const [name, values] of await engine.readOptimiser()) say(`square ${name}`, values);
  return answers;
}

function expectAlike(
  actual: readonly [string, number[]][],
  expected: readonly [string, number[]][],
  seed: number,
): void {
  expect(actual.map(([what]) => what)).toEqual(expected.map(([what]) => what));
  expected.forEach(([what, values], i) =>
    values.forEach((value, j) => {
      const ours = actual[i][1][j];
      if (
        Number.isNaN(value) ? !Number.isNaN(ours) : !(Math.abs(ours - value) <= 1e-4 * Math.max(0.1, Math.abs(value)))
      )
        expect.fail(`seed ${seed}, answer ${i}, ${what}[${j}]: ${ours}, the sparse engine says ${value}`);
    }),
  );
}

const caseOf = (seed: number) => randomCase(SHAPE, seed % 2 ? 0.5 : 1, [1], seed);

describe("the tensorflow engine", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13])("answers as the sparse engine does, sequence %i", async (seed) => {
    const { shape, parameters, masks } = caseOf(seed);
    expectAlike(
      await use(createTensorflowEngine<WqmixNetworks>(tf, shape, parameters, masks), seed),
      await use(createSparseEngine<WqmixNetworks>(shape, parameters, masks), seed),
      seed,
    );
  });

  it("answers so for each of several runs that ask for different things", async () => {
    const seeds = [11, 12, 13];
    const vectorised = createVectorisedRuns(tf, seeds.length);
    const answers = await Promise.all(
      seeds.map(async (seed, run) => {
        const { shape, parameters, masks } = caseOf(seed);
        const engine = await vectorised.open(run)(shape, parameters, masks);
        const own = await use(engine as unknown as Engine<boolean, WqmixNetworks>, seed);
        engine.dispose();
        return own;
      }),
    );
    for (const [i, seed] of seeds.entries()) {
      const { shape, parameters, masks } = caseOf(seed);
      expectAlike(answers[i], await use(createSparseEngine<WqmixNetworks>(shape, parameters, masks), seed), seed);
    }
  });

  it("refuses what the sparse engine refuses, in its words", async () => {
    const { shape, parameters, masks } = caseOf(1);
    const engines = [
      createTensorflowEngine<WqmixNetworks>(tf, shape, parameters, masks),
      createSparseEngine<WqmixNetworks>(shape, parameters, masks),
    ];
    const wrong: ((engine: Engine<boolean, WqmixNetworks>) => unknown)[] = [
      (engine) => engine.gradient("agent.fc3.weight"),
      (engine) => engine.write("online", new Map([["agent.fc1.bias", new Float32Array(2)]])),
      (engine) => engine.mask("agent.fc1.bias"),
      (engine) => engine.setMask("agent.fc1.weight", new Uint8Array(3)),
      (engine) => engine.createActor(0),
      (engine) => (engine.dispose(), engine.copyToTarget()),
    ];
    for (const ask of wrong) {
      const [ours, theirs] = engines.map((engine) => {
        try {
          ask(engine);
        } catch (error) {
          return (error as Error).message;
        }
        return "no error";
      });
      expect(ours).not.toBe("no error");
      expect(ours).toBe(theirs);
    }
    const few = new Map([...parameters].slice(1));
    expect(() => createTensorflowEngine(tf, shape, few, masks)).toThrow(
      'No initial values for parameter "agent.fc1.weight".',
    );
  });
});
