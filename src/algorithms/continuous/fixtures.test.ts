import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "../../random.js";
import {
  adam,
  constant,
  crossEntropy,
  differentiate,
  feedForward,
  follow,
  type Moments,
  type Num,
  policy,
  policyLoss,
  randomBatch,
  randomValues,
  type Sizes,
  targets,
  valueLoss,
  type Weights,
  weightsOf,
} from "./fixtures.js";

const SIZES: Sizes = { agents: 3, numbers: 2, observation: 4, state: 5, hidden: 6, embed: 4, hypernetEmbed: 5 };
const random = createRandom(16);
const online = randomValues(SIZES, ["agent", "critic", "actor"], random);
const target = weightsOf(randomValues(SIZES, ["agent", "critic", "actor"], random));
const batch = randomBatch(SIZES, 3, random);

/** Compares the gradient of each network with central differences of the loss. */
function checkGradient(loss: (weights: Weights) => Num, networks: readonly string[]): void {
  const weights = weightsOf(online);
  differentiate(loss(weights));
  for (const [name, list] of weights) {
    const learns = networks.some((network) => name.startsWith(`${network}.`));
    list.forEach(({ gradient }, i) => {
      const at = (shift: number) => {
        const moved = new Map([...online].map(([key, values]) => [key, key === name ? values.slice() : values]));
        moved.get(name)![i] += shift;
        return loss(weightsOf(moved)).value;
      };
      const slope = (at(1e-6) - at(-1e-6)) / 2e-6;
      expect(Math.abs(gradient - slope), `${name}[${i}]`).toBeLessThan(1e-7);
      if (!learns) expect(gradient, name).toBe(0);
    });
    if (learns)
      expect(
        list.some(({ gradient }) => gradient !== 0),
        name,
      ).toBe(true);
  }
}

/** N(0, 1) by Box and Muller. */
function normals(source: Random): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - source.float())) * Math.cos(2 * Math.PI * source.float());
}

describe("COMIX's update", () => {
  const greedy = (observation: readonly number[], weights: Weights, normal: () => number) =>
    crossEntropy(
      (action) => feedForward(weights, "agent", [...observation, ...action].map(constant))[0].value,
      SIZES.numbers,
      { samples: 64, elites: 6, iterations: 2 },
      normal,
    );
  const y = targets(
    batch,
    target,
    "agent",
    ({ nextObservations }) => {
      const normal = normals(createRandom(3));
      return nextObservations.map((seen) => greedy(seen, target, normal));
    },
    0.99,
  );

  it("has the gradient of its loss with respect to utilities and mixer", () => {
    checkGradient((weights) => valueLoss(batch, weights, "agent", y), ["agent", "mixer"]);
  });

  it("takes the reward alone where an episode has ended", () => {
    batch.forEach(({ terminal, reward }, k) => expect(y[k] === reward).toBe(terminal));
  });

  it("learns nothing where its values are its targets", () => {
    const weights = weightsOf(online);
    const own = batch.map((transition) => {
      const zero = valueLoss([transition], weights, "agent", [0]);
      return zero.value;
    });
    // The loss against 0 is the square of the value, whose sign is one of two.
    for (const [k, square] of own.entries()) {
      const root = Math.sqrt(square);
      const losses = [root, -root].map((value) => valueLoss([batch[k]], weights, "agent", [value]).value);
      expect(Math.min(...losses)).toBeLessThan(1e-20);
    }
  });
});

describe("FACMAC's update", () => {
  const y = targets(
    batch,
    target,
    "critic",
    ({ nextObservations }) => policy(target, nextObservations).map((action) => action.map(({ value }) => value)),
    0.99,
  );

  it("has the gradient of the critic's loss with respect to critic and mixer, and none for the actor", () => {
    checkGradient((weights) => valueLoss(batch, weights, "critic", y), ["critic", "mixer"]);
  });

  it("has the gradient of the actor's loss through the mixer and all agents' values at once", () => {
    checkGradient((weights) => policyLoss(batch, weights), ["actor", "critic", "mixer"]);
  });

  it("pulls policies towards 0 by a thousandth of their mean square where the value does not depend on them", () => {
    // Without the columns of the actions in the critic's first layer nothing else is left.
    const blind = new Map([...online].map(([name, values]) => [name, values.slice()]));
    const { observation, numbers, hidden } = SIZES;
    for (let row = 0; row < hidden; row++)
      for (let column = observation; column < observation + numbers; column++)
        blind.get("critic.fc1.weight")![row * (observation + numbers) + column] = 0;
    const weights = weightsOf(blind);
    differentiate(policyLoss(batch, weights));
    const actions = batch.flatMap(({ observations }) => policy(weightsOf(blind), observations)).flat();
    // d/db_d of 1e-3 mean a^2 is 1e-3 mean over all numbers of 2 a (1 - a^2) of number d.
    for (let d = 0; d < numbers; d++) {
      const own = actions.filter((_, i) => i % numbers === d).map(({ value }) => 2 * value * (1 - value ** 2));
      const expected = (1e-3 * own.reduce((total, value) => total + value, 0)) / actions.length;
      expect(weights.get("actor.fc3.bias")![d].gradient).toBeCloseTo(expected, 14);
    }
  });
});

describe("the cross-entropy method", () => {
  it("finds the top of a hill to within what two iterations reach", () => {
    const peak = [0.3, -0.6];
    const value = (action: readonly number[]) => -action.reduce((sum, a, d) => sum + (a - peak[d]) ** 2, 0);
    const found = Array.from({ length: 50 }, (_, seed) =>
      crossEntropy(value, 2, { samples: 64, elites: 6, iterations: 2 }, normals(createRandom(seed))),
    );
    const once = Array.from({ length: 50 }, (_, seed) =>
      crossEntropy(value, 2, { samples: 64, elites: 6, iterations: 1 }, normals(createRandom(seed))),
    );
    const loss = (actions: readonly (readonly number[])[]) =>
      actions.reduce((sum, action) => sum - value(action), 0) / actions.length;
    expect(loss(found)).toBeLessThan(0.01);
    expect(loss(found)).toBeLessThan(loss(once) / 3);
  });

  it("draws, refits to the elites with n - 1, and returns the best sample of the last iteration", () => {
    // Four samples of one number, two elites, two iterations, by hand: the larger the better.
    const draws = [-1, 0.5, 2, 0, 1, -1, 0, 0.25];
    const action = crossEntropy(
      (a) => a[0],
      1,
      { samples: 4, elites: 2, iterations: 2 },
      () => draws.shift()!,
    );
    // Elites 2 and 0.5: mean 1.25, deviation sqrt((0.75^2 + 0.75^2) / 1); the best of the second iteration is its first
    // draw, 1.
    expect(action[0]).toBeCloseTo(Math.tanh(1.25 + Math.sqrt(2 * 0.75 ** 2)), 14);
    expect(draws).toEqual([]);
  });
});

describe("the optimiser and the targets", () => {
  it("are Adam, as its sums stand written out", () => {
    const [rate, epsilon, beta1, beta2] = [0.01, 0.01, 0.9, 0.999];
    const gradients = Array.from({ length: 20 }, () => 2 * random.float() - 1);
    const moments: Moments = { m: 0, v: 0 };
    let value = 1;
    let expected = 1;
    gradients.forEach((gradient, k) => {
      value = adam(value, gradient, moments, k + 1, { rate, epsilon });
      // Weights beta^(t - i) of all gradients so far, divided by their sum.
      const past = gradients.slice(0, k + 1);
      const weighted = (beta: number, of: (g: number) => number) => {
        const weights = past.map((_, i) => beta ** (k - i));
        return past.reduce((sum, g, i) => sum + weights[i] * of(g), 0) / weights.reduce((a, b) => a + b);
      };
      expected -= (rate * weighted(beta1, (g) => g)) / (Math.sqrt(weighted(beta2, (g) => g * g)) + epsilon);
    });
    expect(value).toBeCloseTo(expected, 12);
  });

  it("follow the online networks by tau at each update", () => {
    let value = 0;
    for (let k = 0; k < 1000; k++) value = follow(value, 1, 0.001);
    expect(value).toBeCloseTo(1 - 0.999 ** 1000, 12);
  });
});
