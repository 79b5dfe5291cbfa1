/**
 * The networks of an algorithm: a kind by the name of each, which stands in front of the names of its parameters. All
 * that an engine does with networks (parameters, masks, targets, steps of the optimiser, costs) follows from this list.
 *
 * @example const networks = { agent: "recurrent", mixer: "monotonic" } as const; // QMIX
 */
export type Networks = Readonly<Record<string, NetworkKind>>;

/**
 * A kind of network. Agents run three of them: "recurrent" is PyMARL's agent, "action-value" is a feed-forward network
 * of what an agent sees and does (COMIX's utility, FACMAC's critic), "policy" one that gives an action within (-1, 1)
 * for what an agent sees (FACMAC's actor). The others are mixers: QMIX's "monotonic" network, WQMIX's "unrestricted"
 * one, VDN's "sum" and, for reports only, the agents' mean where there is no mixer ("none", IQL).
 */
export type NetworkKind = "recurrent" | "action-value" | "policy" | "monotonic" | "unrestricted" | "sum" | "none";

/** QMIX's networks, and those of algorithms that only join the agents' values in another way. */
export type AgentsAndMixer = {
  /** The recurrent network that all agents share. */
  readonly agent: "recurrent";
  /** Makes one value of the agents' values. */
  readonly mixer: "monotonic" | "sum" | "none";
};

/** Everything that determines the shapes of an algorithm's networks. */
export interface NetworkShape {
  /** Number of agents, which share one network. */
  readonly agents: number;
  /** Number of actions of each agent. */
  readonly actions: number;
  /** Entries of one agent's observation. */
  readonly observation: number;
  /** Entries of the global state. */
  readonly state: number;
  /** Units of the agent's first layer and of its GRU. Table 3: 64. */
  readonly hidden: number;
  /** Embedding of the mixing network. Table 3: 32. */
  readonly embed: number;
  /** Hidden units of the two-layer hypernetworks. Table 3: 64. */
  readonly hypernetEmbed: number;
  /** Hidden units of unrestricted mixing networks. Table 3: 256, which is the default. */
  readonly centralEmbed?: number;
  /** The networks, each a kind by its name, in the order of their parameters. Default: QMIX's. */
  readonly networks?: Networks;
}

/** One named tensor. */
export interface ParameterSpec {
  /** PyMARL's name, with the network in front: "agent.rnn.weight_ih", "mixer.hyper_w_1.0.weight", ... */
  readonly name: string;
  /** Shape: [out, in] for a weight matrix, [out] for a bias. */
  readonly shape: readonly number[];
  /** Name of the network whose sparsity budget it belongs to. */
  readonly network: string;
  /** Whether it can be sparse: weight matrices can, biases stay dense. */
  readonly maskable: boolean;
  /**
   * Bound of the initial values, which are uniform in +-bound: 1/sqrt(fan in) for linear layers, 1/sqrt(hidden) for the
   * GRU.
   */
  readonly bound: number;
}

/** The networks that a shape has, by name. Default: QMIX's. */
export function networksOf({ networks = QMIX }: Pick<NetworkShape, "networks">): Networks {
  return networks;
}

const QMIX = { agent: "recurrent", mixer: "monotonic" } as const;

/**
 * One layer as in the paper's equations 8 to 11. A `product` has no parameters: it multiplies values by weights that
 * another layer computes (in the mixer, a hypernetwork), so that it is dense at every sparsity.
 */
export interface Layer {
  /** Name of the layer, for example "agent.rnn". */
  readonly name: string;
  readonly kind: "linear" | "gru" | "product";
  /** I_l, the number of inputs. */
  readonly input: number;
  /** O_l, the number of outputs; of a GRU h_l, its hidden units. */
  readonly output: number;
  /** Its weight matrices and biases. */
  readonly parameters: readonly Omit<ParameterSpec, "network">[];
  /** Runs of the layer in one forward pass of the team: N in the agents' networks, 1 in a mixer. */
  readonly runs: number;
}

/** A kind of network: for whom it is run, which fields of a shape are its widths, and its layers without their runs. */
interface KindOfNetwork {
  /** Every agent runs an agent's network, which all of them share; the team runs a mixer once. */
  readonly runsFor: "agent" | "team";
  readonly widths: readonly ("hidden" | "embed" | "hypernetEmbed" | "centralEmbed")[];
  layers(shape: NetworkShape, name: string): Omit<Layer, "runs">[];
}

/** All kinds. */
export const kinds: Readonly<Record<NetworkKind, KindOfNetwork>> = {
  recurrent: {
    runsFor: "agent",
    widths: ["hidden"],
    layers: (shape, name) => [
      linear(`${name}.fc1`, agentInput(shape), shape.hidden),
      gru(`${name}.rnn`, shape.hidden),
      linear(`${name}.fc2`, shape.hidden, shape.actions),
    ],
  },
  "action-value": {
    runsFor: "agent",
    widths: ["hidden"],
    layers: ({ observation, actions, hidden }, name) => feedForward(name, observation + actions, hidden, 1),
  },
  policy: {
    runsFor: "agent",
    widths: ["hidden"],
    layers: ({ observation, actions, hidden }, name) => feedForward(name, observation, hidden, actions),
  },
  /**
   * QMIX's mixing network: two-layer hypernetworks, and the two products in which their results meet the agents'
   * values.
   */
  monotonic: {
    runsFor: "team",
    widths: ["embed", "hypernetEmbed"],
    layers: ({ agents, state, embed, hypernetEmbed }, name) => [
      linear(`${name}.hyper_w_1.0`, state, hypernetEmbed),
      linear(`${name}.hyper_w_1.2`, hypernetEmbed, agents * embed),
      linear(`${name}.hyper_w_final.0`, state, hypernetEmbed),
      linear(`${name}.hyper_w_final.2`, hypernetEmbed, embed),
      linear(`${name}.hyper_b_1`, state, embed),
      linear(`${name}.V.0`, state, embed),
      linear(`${name}.V.2`, embed, 1),
      product(`${name}.w_1`, agents, embed),
      product(`${name}.w_final`, embed, 1),
    ],
  },
  /**
   * WQMIX's unrestricted mixing network: state and agents' values through three hidden layers, and a bias of the state.
   */
  unrestricted: {
    runsFor: "team",
    widths: ["centralEmbed"],
    layers: ({ agents, state, centralEmbed = CENTRAL_EMBED }, name) => [
      linear(`${name}.net.0`, state + agents, centralEmbed),
      linear(`${name}.net.2`, centralEmbed, centralEmbed),
      linear(`${name}.net.4`, centralEmbed, centralEmbed),
      linear(`${name}.net.6`, centralEmbed, 1),
      linear(`${name}.V.0`, state, centralEmbed),
      linear(`${name}.V.2`, centralEmbed, 1),
    ],
  },
  sum: { runsFor: "team", widths: [], layers: () => [] },
  none: { runsFor: "team", widths: [], layers: () => [] },
};

/** Hidden units of the unrestricted mixing network where a shape does not give them. Table 3. */
export const CENTRAL_EMBED = 256;

/** Lists the layers of every network of a shape, by the network's name. */
export function networkLayers(shape: NetworkShape): ReadonlyMap<string, readonly Layer[]> {
  return new Map(
    Object.entries(networksOf(shape)).map(([name, kind]) => {
      const { runsFor, layers } = kinds[kind];
      const runs = runsFor === "agent" ? shape.agents : 1;
      return [name, layers(shape, name).map((layer) => ({ ...layer, runs }))] as const;
    }),
  );
}

/**
 * Counts the inputs of a recurrent agent: observation, one-hot of the last action, one-hot of the agent's number
 * (PyMARL's defaults).
 */
export function agentInput({ observation, actions, agents }: NetworkShape): number {
  return observation + actions + agents;
}

/** Two hidden layers. */
function feedForward(name: string, input: number, hidden: number, output: number) {
  return [
    linear(`${name}.fc1`, input, hidden),
    linear(`${name}.fc2`, hidden, hidden),
    linear(`${name}.fc3`, hidden, output),
  ];
}

function linear(name: string, input: number, output: number): Omit<Layer, "runs"> {
  const bound = 1 / Math.sqrt(input);
  const parameters = [
    { name: `${name}.weight`, shape: [output, input], maskable: true, bound },
    { name: `${name}.bias`, shape: [output], maskable: false, bound },
  ];
  return { name, kind: "linear", input, output, parameters };
}

/** A GRU whose input is as wide as its state. Gates are in the order r, z, n. */
function gru(name: string, hidden: number): Omit<Layer, "runs"> {
  const bound = 1 / Math.sqrt(hidden);
  const parameters = [
    { name: `${name}.weight_ih`, shape: [3 * hidden, hidden], maskable: true, bound },
    { name: `${name}.weight_hh`, shape: [3 * hidden, hidden], maskable: true, bound },
    { name: `${name}.bias_ih`, shape: [3 * hidden], maskable: false, bound },
    { name: `${name}.bias_hh`, shape: [3 * hidden], maskable: false, bound },
  ];
  return { name, kind: "gru", input: hidden, output: hidden, parameters };
}

function product(name: string, input: number, output: number): Omit<Layer, "runs"> {
  return { name, kind: "product", input, output, parameters: [] };
}
