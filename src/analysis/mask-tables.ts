import { environmentOf } from "../envs/index.js";
import { inputFeatures } from "../figures/features.js";
import { gruGates } from "../figures/masks.js";
import type { Table } from "../figures/table.js";
import type { ParameterSpec } from "../networks/parameters.js";
import { requireSeeds } from "../results/seeds.js";
import { mean, standardDeviation } from "../results/statistics.js";
import { readMasks, type StoredRun } from "../runs/store.js";
import { connectionSpread, type ConnectionSpread, randomSpread, type Side } from "../sparse/connections.js";
import { countNonzeros, inputConnections } from "../sparse/mask.js";
import { networkPlan } from "../training/plan.js";
import type { AgentConnections, TeamConnections, UsedConnections } from "./connections-used.js";

/**
 * Makes a table of the sparse layers of some runs, with means over the runs: how many connections each layer has, and
 * how evenly they are spread over its outputs and inputs, at the beginning and the end of training and in a random
 * mask.
 *
 * @throws {Error} when there is no such weight
 * @example showTable(spreadTable(runs));
 */
export function spreadTable(
  runs: readonly StoredRun[],
  {
    weights,
  }: {
    /** Names of the weights to show. Default: all. */
    readonly weights?: readonly string[];
  } = {},
): Table {
  requireSeeds(runs);
  const { config } = runs[0];
  const histories = runs.map(({ directory }) => readMasks(directory));
  const all = weightsOf(runs[0]);
  const unknown = weights?.find((weight) => !all.some(({ name }) => name === weight));
  if (unknown !== undefined)
    throw new Error(`There is no weight "${unknown}"; there are ${all.map(({ name }) => name).join(", ")}.`);
  const sparse = all
    .filter(({ name }) => weights?.includes(name) ?? true)
    .flatMap(({ name, shape }) => {
      const connections = countNonzeros(histories[0][0].masks.get(name)!);
      return connections < shape[0] * shape[1] ? [{ name, shape, connections }] : [];
    });
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const number = (value: number): string => value.toFixed(1);
  return {
    title: `Connections of ${config.environment}'s networks, mean of ${runs.length} run${runs.length === 1 ? "" : "s"}`,
    columns: [
      { title: "Layer" },
      { title: "Connections", align: "right" },
      { title: "Density", align: "right" },
      { title: "Side" },
      ...["Without any: start", "end", "random mask", "Half is held by: start", "end", "random mask"].map((title) => ({
        title,
        align: "right" as const,
      })),
    ],
    rows: sparse.flatMap(({ name, shape, connections }) =>
      (["outputs", "inputs"] as const).map((side: Side, row) => {
        const at = (moment: 0 | -1): ConnectionSpread[] =>
          histories.map((history) => connectionSpread(history.at(moment)!.masks.get(name)!, shape, side));
        const [start, end, random] = [at(0), at(-1), [randomSpread(shape, connections, side)]];
        const each = (value: (spread: ConnectionSpread) => number, text: (value: number) => string): string[] =>
          [start, end, random].map((spreads) => text(mean(spreads.map(value))));
        return [
          ...(row === 0
            ? [name.replace(/\.weight$/, ""), String(connections), percent(connections / (shape[0] * shape[1]))]
            : ["", "", ""]),
          `${shape[row]} ${side}`,
          ...each(({ empty }) => empty, number),
          ...each(({ half }) => half, percent),
        ];
      }),
    ),
    note: "Without any: outputs or inputs that have no connection. Half is held by: the share of outputs or inputs, those with the most connections first, that has half of all connections; 50 % when all have equally many. Random mask: what is to be expected of connections drawn by chance.",
  };
}

/**
 * Makes a table of the connections of the gates of the agents' GRU, as means over some runs, at the beginning and the
 * end of training.
 *
 * @example
 * showTable(gateTable(runs));
 */
export function gateTable(runs: readonly StoredRun[]): Table {
  requireSeeds(runs);
  const { hidden } = runs[0].config.network;
  const histories = runs.map(({ directory }) => readMasks(directory));
  const rows = (["weight_ih", "weight_hh"] as const).flatMap((name) =>
    gruGates(hidden).map(({ name: gate, start, length }, row) => {
      const at = (moment: 0 | -1): [connections: number, share: number] => {
        const masks = histories.map((history) => history.at(moment)!.masks.get(`agent.rnn.${name}`)!);
        const connections = masks.map((mask) =>
          countNonzeros(mask.subarray(start * hidden, (start + length) * hidden)),
        );
        return [mean(connections), mean(connections.map((count, run) => count / countNonzeros(masks[run])))];
      };
      const text = ([connections, share]: [number, number]): string =>
        `${connections.toFixed(0)} (${(100 * share).toFixed(0)} %)`;
      return [row === 0 ? `agent.rnn.${name}` : "", gate, text(at(0)), text(at(-1))];
    }),
  );
  return {
    title: `Connections of the GRU's gates: ${runs[0].config.environment}, ${runs.length} run${runs.length === 1 ? "" : "s"}`,
    columns: [
      { title: "Weight" },
      { title: "Gate" },
      { title: "Start", align: "right" },
      { title: "End", align: "right" },
    ],
    rows,
    note: "r: reset, z: update, n: new (the candidate for the hidden state).",
  };
}

/**
 * Makes a table of the types of units, with means over units, decisions and runs: how many inputs and hidden units are
 * not zero when a unit decides, how many connections are thereby in use in the layers in which agents can differ, and
 * how many connections only the unit's own number or type can use.
 *
 * @param teams of these runs: see `measureConnections`
 * @example showTable(typeTable(runs, runs.map((run) => measureConnections(run))));
 */
export function typeTable(runs: readonly StoredRun[], teams: readonly TeamConnections[]): Table {
  requireSeeds(runs);
  const { config } = runs[0];
  const env = environmentOf(config);
  const { observation, actions } = env.sizes;
  const features = inputFeatures(env);
  const connections = runs.map((run) => lastInputConnections(run, "agent.fc1.weight"));
  const spread = (values: readonly number[], digits = 0): string =>
    `${mean(values).toFixed(digits)}${values.length > 1 ? ` ± ${standardDeviation(values).toFixed(digits)}` : ""}`;
  const rows = agentsByType(teams).map(({ type, agents }) => {
    const each = (value: (agent: AgentConnections, run: number) => number): number[] =>
      teams.map((team, run) => mean(agents.map((agent) => value(team.agents[agent], run))));
    const layer = (weight: string): string[] => {
      const of = (agent: AgentConnections): UsedConnections => agent.layers.find((one) => one.weight === weight)!;
      const [used, random] = [each((agent) => of(agent).used), each((agent) => of(agent).random)];
      return [
        spread(used),
        spread(random),
        spread(
          used.map((value, run) => value / random[run]),
          2,
        ),
      ];
    };
    const bit = features.find(({ name }) => name === `own: is ${type}`)?.inputs[0];
    return [
      `${type} (${agents.length})`,
      spread(
        each(({ activity }) => sum(activity.inputs) / activity.decisions),
        1,
      ),
      ...layer("agent.fc1.weight"),
      spread(
        each(({ activity }) => sum(activity.units) / activity.decisions),
        1,
      ),
      ...layer("agent.rnn.weight_ih"),
      spread(
        each(({ agent }, run) => connections[run][observation + actions + agent]),
        1,
      ),
      bit === undefined
        ? ""
        : spread(
            connections.map((counts) => counts[bit]),
            1,
          ),
    ];
  });
  const layer = (name: string): string[] => [`${name}: in use`, "random mask", "ratio"];
  return {
    title: `Connections in use when an agent decides, mean over its decisions: ${config.environment}, ${runs.length} run${runs.length === 1 ? "" : "s"}`,
    columns: [
      { title: "Unit" },
      ...[
        "Inputs not 0",
        ...layer("Input layer"),
        "Active units",
        ...layer("GRU, from its input"),
        "Of its number",
        "Of its type",
      ].map((title) => ({ title, align: "right" as const })),
    ],
    rows,
    note: "± standard deviation over runs. Random mask: what a random mask of the same density would carry of the same inputs, or of the same active units. Of its number, of its type: connections of the input layer that start at the unit's own number and at the bit of its own type.",
  };
}

/** Summarises the findings of `typeTable` in one line. */
export function typeSummary(teams: readonly TeamConnections[]): string {
  const types = agentsByType(teams).map(({ type, agents }) => {
    const all = (value: (layer: UsedConnections) => number): number =>
      mean(teams.flatMap((team) => agents.map((agent) => sum(team.agents[agent].layers.map(value)))));
    return `${type} ${all(({ used }) => used).toFixed(0)} (random mask ${all(({ random }) => random).toFixed(0)})`;
  });
  return `Connections of the agent network in use when a unit decides: ${types.join(", ")}.`;
}

/**
 * Makes a table that shows which features keep their connections in the agents' input layer: the number of connections
 * of an input, as a mean over the inputs of a feature and over runs, beside the mean absolute value of these inputs.
 *
 * @param teams of these runs: see `measureConnections`
 */
export function inputTable(runs: readonly StoredRun[], teams: readonly TeamConnections[]): Table {
  requireSeeds(runs);
  const { config } = runs[0];
  const weight = "agent.fc1.weight";
  const [starts, ends] = [
    runs.map((run) => firstInputConnections(run, weight)),
    runs.map((run) => lastInputConnections(run, weight)),
  ];
  const number = (value: number, digits = 1): string => value.toFixed(digits);
  const rows = inputFeatures(environmentOf(config)).map(({ name, inputs }) => {
    const of = (lists: readonly ArrayLike<number>[]): number =>
      mean(lists.map((list) => mean(inputs.map((j) => list[j]))));
    return {
      end: of(ends),
      cells: [
        name,
        String(inputs.length),
        number(of(teams.map((team) => team.inputs)), 2),
        number(of(starts)),
        number(of(ends)),
      ],
    };
  });
  return {
    title: `Connections of an input of the agents, by what it is: ${config.environment}, ${runs.length} run${runs.length === 1 ? "" : "s"}`,
    columns: [
      { title: "Feature" },
      ...["Inputs", "Mean |input|", "Connections: start", "end"].map((title) => ({ title, align: "right" as const })),
    ],
    rows: rows.sort((a, b) => b.end - a.end).map(({ cells }) => cells),
    note: `A random mask has ${number(mean(ends[0]))} connections an input.`,
  };
}

/** Counts the connections of each input of a weight before training. [in] */
export function firstInputConnections(run: StoredRun, weight: string): Int32Array {
  return inputConnections(readMasks(run.directory)[0].masks.get(weight)!, shapeOf(run, weight));
}

/** Counts the connections of each input of a weight at the end. [in] */
export function lastInputConnections(run: StoredRun, weight: string): Int32Array {
  return inputConnections(readMasks(run.directory).at(-1)!.masks.get(weight)!, shapeOf(run, weight));
}

/** Lists the weight matrices of a run's networks. */
export function weightsOf({ config }: StoredRun): ParameterSpec[] {
  return networkPlan(config).parameters.filter(({ maskable }) => maskable);
}

function shapeOf(run: StoredRun, weight: string): readonly number[] {
  return weightsOf(run).find(({ name }) => name === weight)!.shape;
}

/** Groups the agents by their type of unit. */
function agentsByType(teams: readonly TeamConnections[]): { readonly type: string; readonly agents: number[] }[] {
  const { agents } = teams[0];
  return [...new Set(agents.map(({ type }) => type))].map((type) => ({
    type,
    agents: agents.filter((one) => one.type === type).map(({ agent }) => agent),
  }));
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
