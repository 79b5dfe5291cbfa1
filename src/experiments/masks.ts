import type { Config } from "../config.js";
import { environmentOf } from "../envs/index.js";
import type { Environment } from "../envs/environment.js";
import { connectionsAgainstInput, connectionsByAgent, cutFigure, sortedCounts } from "../figures/connections.js";
import { inputBlocks, stateFeatures } from "../figures/features.js";
import type { Figure } from "../figures/figure.js";
import { methodLabel } from "../figures/labels.js";
import { gruGates, maskImage } from "../figures/masks.js";
import { rankCorrelation } from "../results/rank-correlation.js";
import { requireSeeds } from "../results/seeds.js";
import { mean } from "../results/statistics.js";
import { readMasks, type StoredRun } from "../runs/store.js";
import { randomConnections, type Side, sortedConnections } from "../sparse/connections.js";
import { comparison2s3z } from "./comparative.js";
import { measureConnections, type TeamConnections } from "../analysis/connections-used.js";
import { CUT_ORDERS, cutCurves, type CutTarget } from "../analysis/cut.js";
import { declare, type Experiment, type Profile } from "./experiment.js";
import {
  firstInputConnections,
  lastInputConnections,
  spreadTable,
  typeSummary,
  weightsOf,
} from "../analysis/mask-tables.js";
import { maskSnapshots } from "../analysis/snapshots.js";

const USUAL_SEEDS: Readonly<Record<Profile, number>> = { smoke: 1, classroom: 3, paper: 3 };

/**
 * The weights in the paper's Figures 20 (and 11), 21 and 22; of the GRU's two matrices, which look alike, only the
 * first.
 */
const PICTURED = ["agent.fc1.weight", "agent.rnn.weight_ih", "mixer.hyper_w_1.0.weight"] as const;

/**
 * Shows where connections move and which agents use them, with the runs of MAST in the comparison on 2s3z, a map with
 * two types of unit.
 */
export const masks: Experiment = declare({
  id: "masks",
  title: "Where MAST's connections go",
  about:
    "Masks of MAST's layers over training, connections of each input and unit, and how many each type of agent uses",
  reproduces: "Figures 11, 12a and 19 to 25",
  profile: "classroom",
  configs: (profile, seeds = USUAL_SEEDS[profile], changes = {}): Config[] =>
    comparison2s3z.configs(profile, seeds, changes).filter(({ method }) => method === "mast"),
  label: methodLabel,
  reduce: (runs) => {
    requireSeeds(runs);
    const teams = runs.map((run) => measureConnections(run, { battles: run.config.evaluation.episodes }));
    const { note = "", ...table } = spreadTable(runs);
    const [inputLayer, gruInput, hypernetwork, gruHidden] = [...PICTURED, "agent.rnn.weight_hh"].map((weight) =>
      weightImage(runs[0], weight),
    );
    return {
      table: { ...table, note: `${note} ${typeSummary(teams)}` },
      figure: inputLayer,
      more: {
        "gru-input": gruInput,
        "gru-hidden": gruHidden,
        hypernetwork: hypernetwork,
        counts: connectionOrder(runs),
        inputs: inputFigure(runs, teams),
        cut: cutsFigure(runs),
        types: agentFigure(runs, teams),
      },
    };
  },
});

const TITLES: Readonly<Record<string, string>> = {
  "agent.fc1.weight": "Input layer of the agents",
  "agent.rnn.weight_ih": "GRU of the agents, from its input",
  "agent.rnn.weight_hh": "GRU of the agents, from its hidden state",
  "mixer.hyper_w_1.0.weight": "First layer of the hypernetwork",
};

/**
 * Draws a weight's masks over a run's training as in the paper's Figures 11 and 20 to 22, with the gates of a GRU
 * marked.
 *
 * @throws {Error} when the run has no such mask
 * @example await showFigure(weightImage(run, "agent.rnn.weight_ih"));
 */
export function weightImage(run: StoredRun, weight: string): Figure {
  const { environment, seed } = run.config;
  return maskImage(maskSnapshots(run, weight), {
    title: `${TITLES[weight] ?? weight}: ${environment}, seed ${seed}`,
    ...(weight.includes(".rnn.") ? { outputBlocks: gruGates(run.config.network.hidden) } : {}),
  });
}

/**
 * Draws the connections of a weight's dimensions in descending order, at the beginning and the end of training as means
 * over runs, with those of a random mask, as in the paper's Figures 19 and 23 to 25.
 *
 * @param weights names of the weights. Default: those of the paper's figures
 */
export function connectionOrder(runs: readonly StoredRun[], weights: readonly string[] = PICTURED): Figure {
  requireSeeds(runs);
  const histories = runs.map(({ directory }) => readMasks(directory));
  const specs = weightsOf(runs[0]);
  const counts = (weight: string, side: Side) => {
    const { shape } = specs.find(({ name }) => name === weight)!;
    const start = histories.map((history) => sortedConnections(history[0].masks.get(weight)!, shape, side));
    return {
      start,
      end: histories.map((history) => sortedConnections(history.at(-1)!.masks.get(weight)!, shape, side)),
      random: randomConnections(
        shape,
        start[0].reduce((a, b) => a + b),
        side,
      ),
    };
  };
  return sortedCounts(
    weights.map((weight) => ({ weight, outputs: counts(weight, "outputs"), inputs: counts(weight, "inputs") })),
    { title: `Connections in descending order: ${runs[0].config.environment}` },
  );
}

/** Draws the share of the teams' decisions that stay the same when units or inputs of the agent network are removed. */
function cutsFigure(runs: readonly StoredRun[]): Figure {
  const { environment, evaluation } = runs[0].config;
  const labels = { fewest: "fewest connections first", random: "at random", most: "most connections first" } as const;
  const panel = (dimension: string, target: CutTarget) => {
    const curves = runs.map((run) => cutCurves(run, target, { battles: evaluation.episodes }));
    return {
      dimension,
      bars: CUT_ORDERS.map((order, k) => ({
        label: labels[order],
        taken: curves[0][k].taken.slice(1),
        same: curves.map((one) => one[k].same.slice(1)),
      })),
    };
  };
  return cutFigure([panel("first-layer units", "units"), panel("inputs", "inputs")], {
    title: `Decisions that stay the same: ${environment}`,
  });
}

/** Draws the connections in use by each agent, in the layers in which agents can differ. */
function agentFigure(runs: readonly StoredRun[], teams: readonly TeamConnections[]): Figure {
  const bars = (weight: string) =>
    teams[0].agents.map(({ agent, type }) => {
      const layers = teams.map(({ agents }) => agents[agent].layers.find((layer) => layer.weight === weight)!);
      return {
        agent: `${type} ${agent + 1}`,
        used: layers.map(({ used }) => used),
        random: mean(layers.map(({ random }) => random)),
      };
    });
  return connectionsByAgent(
    [
      { layer: "input layer", bars: bars("agent.fc1.weight") },
      { layer: "GRU, from its input", bars: bars("agent.rnn.weight_ih") },
    ],
    { title: `Connections in use when an agent decides: ${runs[0].config.environment}` },
  );
}

/** Draws the connections of the inputs of agents and hypernetwork against the magnitude of these inputs. */
function inputFigure(runs: readonly StoredRun[], teams: readonly TeamConnections[]): Figure {
  const env = environmentOf(runs[0].config);
  const layer = (
    weight: string,
    names: readonly string[],
    magnitudes: (team: TeamConnections) => readonly number[],
  ) => {
    const correlations = inputCorrelations(runs, teams.map(magnitudes), weight);
    const ends = runs.map((run) => lastInputConnections(run, weight));
    const range = (values: readonly number[]): string =>
      [...new Set([Math.min(...values), Math.max(...values)].map((value) => value.toFixed(2)))].join(" to ");
    return {
      layer: weight.replace(/\.weight$/, ""),
      note: `rank correlation ${range(correlations.map(({ end }) => end))}<br>(before training ${range(correlations.map(({ start }) => start))})`,
      random: mean(ends[0]),
      points: names.map((name, j) => ({
        name,
        magnitude: mean(teams.map((team) => magnitudes(team)[j])),
        connections: mean(ends.map((counts) => counts[j])),
      })),
    };
  };
  return connectionsAgainstInput(
    [
      layer("agent.fc1.weight", inputNames(env), ({ inputs }) => inputs),
      layer(
        "mixer.hyper_w_1.0.weight",
        stateFeatures(env).map(({ block, name }) => `${block}: ${name}`),
        ({ state }) => state,
      ),
    ],
    { title: `Large inputs get the connections: ${env.name}` },
  );
}

/** Names the inputs of the agent network. */
function inputNames(env: Environment): string[] {
  return inputBlocks(env).flatMap(({ inputs = [] }) => inputs);
}

/**
 * Computes whether large inputs have more connections: for each run the rank correlation between the connections of an
 * input and its mean absolute value.
 *
 * @param magnitudes magnitudes of the inputs of the weight, one list for each run: see `measureConnections`
 */
export function inputCorrelations(
  runs: readonly StoredRun[],
  magnitudes: readonly (readonly number[])[],
  weight: string,
): { readonly start: number; readonly end: number }[] {
  return runs.map((run, i) => ({
    start: rankCorrelation(magnitudes[i], firstInputConnections(run, weight)),
    end: rankCorrelation(magnitudes[i], lastInputConnections(run, weight)),
  }));
}
