import { readFileSync } from "node:fs";
import { type RecordedBattle, referenceFolder } from "../../src/analysis/recorded-battle.js";
import { createBattleEnvironment, type BattleEnvironment } from "../../src/envs/starcraft/environment.js";
import { maps } from "../../src/envs/starcraft/maps.js";
import { type EnemyHabits, HABITS } from "../../src/envs/starcraft/rules.js";
import { createRandom, type Random } from "../../src/random.js";
import { decodeSafetensors } from "../../src/runs/safetensors.js";
import { actionOf, allyNumbers, nearestLegal } from "./battles.js";
import { readReference } from "./reference.js";

// How likely are the recorded orders of the real game under our rules? `npx tsx bench/real-game/evidence.ts [battles]
// [particles] [HABITS as JSON ...]`, for example 31 100 '{}' '{"whim":0,"comradeAgain":10,"old":5}': the latter is
// version 4.
//
// A particle filter: many battles of 3m follow the orders of a recorded one. At each step each is weighted by how much
// the network that played the recordings likes the recorded actions in what it would have seen here, by how far enemies
// are from their recorded places, and by who lives; when the weights have become too different, battles are drawn anew
// by them, and equal ones part again by chance. The mean of the weights estimates the evidence of the rules.

const MAP = "3m";
/** Temperature of the softmax over Q that stands for a greedy choice, and the probability of any action. */
const TEMPERATURE = 0.1;
const ANY = 0.02;
/** Standard deviation of enemies' places in cells, and the probability of a place that says nothing. */
const PLACE = 0.15;
const ANYWHERE = 0.1;
/** Log probability of a step in which a unit lives in one battle and not in the other. */
const LIVES = -2;
/** The same where the battle is over already. */
const OVER = -8;

/** PyMARL's agent network for one agent at a time, whose hidden state belongs to a particle and is copied with it. */
interface Network {
  readonly hidden: number;
  /** What the agent observes, its last action and its number; set before each call. */
  readonly input: Float64Array;
  /** Advances `state` [hidden] by `input`. @returns Q [actions], overwritten by the next call */
  forward(state: Float64Array): Float64Array;
}

function readNetwork(file: string): Network {
  const { tensors } = decodeSafetensors(readFileSync(file));
  const tensor = (name: string): Float64Array => {
    const values = tensors.get(`agent.${name}`);
    if (values === undefined) throw new Error(`${file} holds no agent.${name}.`);
    return Float64Array.from(values.data as Float32Array);
  };
  const [first, firstBias] = [tensor("fc1.weight"), tensor("fc1.bias")];
  const [fromInput, fromState] = [tensor("rnn.weight_ih"), tensor("rnn.weight_hh")];
  const [inputBias, stateBias] = [tensor("rnn.bias_ih"), tensor("rnn.bias_hh")];
  const [last, lastBias] = [tensor("fc2.weight"), tensor("fc2.bias")];
  const hidden = firstBias.length;
  const input = new Float64Array(first.length / hidden);
  const [features, gates, kept] = [hidden, 3 * hidden, 3 * hidden].map((length) => new Float64Array(length));
  const q = new Float64Array(lastBias.length);
  const affine = (weight: Float64Array, bias: Float64Array, from: Float64Array, to: Float64Array): void => {
    for (let row = 0; row < to.length; row++) {
      let sum = bias[row];
      for (let k = 0, at = row * from.length; k < from.length; k++) sum += weight[at + k] * from[k];
      to[row] = sum;
    }
  };
  const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));
  return {
    hidden,
    input,
    forward(state) {
      affine(first, firstBias, input, features);
      for (let k = 0; k < hidden; k++) features[k] = Math.max(0, features[k]);
      affine(fromInput, inputBias, features, gates);
      affine(fromState, stateBias, state, kept);
      for (let k = 0; k < hidden; k++) {
        const reset = sigmoid(gates[k] + kept[k]);
        const update = sigmoid(gates[hidden + k] + kept[hidden + k]);
        const next = Math.tanh(gates[2 * hidden + k] + reset * kept[2 * hidden + k]);
        state[k] = (1 - update) * next + update * state[k];
      }
      affine(last, lastBias, state, q);
      return q;
    },
  };
}

/** One of the battles that follow a recorded one. */
interface Particle {
  saved: Uint8Array;
  /** The hidden states, one array for each agent. */
  readonly states: readonly Float64Array[];
  readonly lastActions: Int16Array;
  readonly lastMoves: ReadonlyMap<string, number>;
}

/** Log evidence of one recorded battle under the rules of `env`. */
function evidence(
  env: BattleEnvironment,
  network: Network,
  recording: RecordedBattle,
  particles: number,
  random: Random,
): number {
  const { agents } = env.sizes;
  env.reset(random.below(2 ** 32));
  const numbers = allyNumbers(env, recording);
  let battles = Array.from({ length: particles }, (): Particle => {
    env.reset(random.below(2 ** 32));
    return {
      saved: env.save(),
      states: Array.from({ length: agents }, () => new Float64Array(network.hidden)),
      lastActions: new Int16Array(agents).fill(-1),
      lastMoves: new Map(),
    };
  });
  let weights = new Float64Array(particles);
  let total = 0;
  for (const step of recording.steps) {
    battles.forEach((battle, k) => {
      weights[k] += follow(env, network, recording, step, numbers, battle);
    });
    const most = Math.max(...weights);
    const shares = weights.map((weight) => Math.exp(weight - most));
    const sum = shares.reduce((a, b) => a + b, 0);
    if (sum ** 2 / shares.reduce((a, b) => a + b * b, 0) >= particles / 2) continue;
    total += most + Math.log(sum / particles);
    battles = draw(shares, sum, random).map((k) => copy(env, battles[k], random));
    weights = new Float64Array(particles);
  }
  const most = Math.max(...weights);
  return total + most + Math.log(weights.reduce((sum, weight) => sum + Math.exp(weight - most), 0) / particles);
}

/** Lets one battle take the recorded step. @returns the log of the step's weight */
function follow(
  env: BattleEnvironment,
  network: Network,
  { units, deaths }: RecordedBattle,
  [loop, orders, places]: RecordedBattle["steps"][number],
  numbers: ReadonlyMap<string, number>,
  particle: Particle,
): number {
  const { battle: b, availableActions } = env;
  const { agents, actions, observation } = env.sizes;
  env.restore(particle.saved);
  if (env.ended) return OVER;
  let weight = 0;
  for (const [name] of units) {
    const i = numbers.get(name) ?? b.allies + Number(name.slice(1));
    const isDead = deaths.some(([at, unit]) => unit === name && at <= loop);
    if ((b.alive[i] === 0) !== isDead) weight += LIVES;
  }
  for (const [name, [x, y]] of Object.entries(places)) {
    const j = b.allies + Number(name.slice(1));
    if (b.alive[j] === 0) continue;
    const squared = (b.x[j] - x) ** 2 + (b.y[j] - y) ** 2;
    weight += Math.log(ANYWHERE + (1 - ANYWHERE) * Math.exp(-squared / 2 / PLACE ** 2));
  }
  const lastMoves = particle.lastMoves as Map<string, number>;
  const joint = new Uint8Array(agents);
  for (const [name, i] of numbers) {
    if (b.alive[i] === 0) {
      particle.lastActions[i] = 0;
      continue;
    }
    const legal = (action: number): boolean => action >= 0 && availableActions[i * actions + action] === 1;
    network.input.fill(0);
    network.input.set(env.observations.subarray(i * observation, (i + 1) * observation));
    if (particle.lastActions[i] >= 0) network.input[observation + particle.lastActions[i]] = 1;
    network.input[observation + actions + i] = 1;
    const q = network.forward(particle.states[i]);
    const order = orders[name];
    let action = order === undefined ? -1 : actionOf(env, order, lastMoves.get(name));
    if (action >= 2 && action < 6) lastMoves.set(name, action);
    if (order !== undefined) {
      const possible = Array.from(q, (_, a) => a).filter(legal);
      const best = Math.max(...possible.map((a) => q[a]));
      const likes = (a: number): number => Math.exp((q[a] - best) / TEMPERATURE);
      const share = legal(action) ? likes(action) / possible.reduce((sum, a) => sum + likes(a), 0) : 0;
      weight += Math.log((1 - ANY) * share + ANY / possible.length);
    }
    if (!legal(action)) action = nearestLegal(env, i);
    joint[i] = legal(action) ? action : 1;
    particle.lastActions[i] = joint[i];
  }
  env.step(joint);
  particle.saved = env.save();
  return weight;
}

/** Systematic resampling: as many places as there are `shares`, each drawn by them. */
function draw(shares: Float64Array, sum: number, random: Random): number[] {
  const drawn: number[] = [];
  const offset = random.float();
  let reached = shares[0];
  for (let n = 0, k = 0; n < shares.length; n++) {
    while (((n + offset) / shares.length) * sum > reached && k < shares.length - 1) reached += shares[++k];
    drawn.push(k);
  }
  return drawn;
}

/** The same battle with another future. */
function copy(env: BattleEnvironment, { saved, states, lastActions, lastMoves }: Particle, random: Random): Particle {
  const { battle } = env;
  battle.episode.set(saved);
  for (let k = 0; k < 4; k++) battle.random[k] ^= random.below(2 ** 32);
  battle.random[0] |= 1;
  return {
    saved: env.save(),
    states: states.map((state) => state.slice()),
    lastActions: lastActions.slice(),
    lastMoves: new Map(lastMoves),
  };
}

const folder = referenceFolder();
if (folder === undefined) throw new Error("There is no reference here: set MAST_REFERENCE to its folder.");
const reference = readReference(folder);
const [battles = "31", particles = "100", ...settings] = process.argv.slice(2);
// The first battle after the game's start is another: its enemies are a loop late.
const recordings = reference.battles.get(`${MAP}-qmix`)!.slice(1, 1 + Number(battles));
const network = readNetwork(
  reference.networks
    .filter(({ map }) => map === MAP)
    .sort((a, b) => a.step - b.step)
    .at(-1)!.file,
);
const map = maps.find(({ name }) => name === MAP)!;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
let first: readonly number[] | undefined;
for (const setting of settings.length > 0 ? settings : ["{}"]) {
  const env = createBattleEnvironment(map, "starcraft", {
    ...HABITS,
    ...(JSON.parse(setting) as Partial<EnemyHabits>),
  });
  const logs = recordings.map((recording, k) =>
    evidence(env, network, recording, Number(particles), createRandom(k + 1)),
  );
  const reached = (first ??= logs);
  const differences = logs.map((log, k) => log - reached[k]);
  const gain = mean(differences);
  const error = Math.sqrt(mean(differences.map((difference) => (difference - gain) ** 2)) / logs.length);
  console.log(
    `${setting}: mean log evidence ${mean(logs).toFixed(1)}` +
      (logs === first ? "" : `, ${gain.toFixed(1)} more than the first (standard error ${error.toFixed(1)})`),
  );
}
