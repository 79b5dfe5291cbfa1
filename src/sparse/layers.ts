import { agentInput, type FeedForwardName, feedForwardSizes, type NetworkShape } from "../networks/parameters.js";

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
  /** Parameter names of its weight matrices, under which their nonzeros are looked up. */
  readonly weights: readonly string[];
  readonly biases: number;
  /** Runs of the layer in one forward pass of the team: N in the agents' network, 1 in a mixer. */
  readonly runs: number;
}

/** Hidden units of the unrestricted mixing network where a shape does not give them. Table 3. */
export const CENTRAL_EMBED = 256;

/** Weights of a layer at sparsity S_l: Eq. 8, Eq. 9 for a GRU. */
export function layerWeights({ kind, input, output }: Layer, sparsity: number): number {
  switch (kind) {
    case "linear":
      return (1 - sparsity) * input * output;
    case "gru":
      return (1 - sparsity) * 3 * output * (output + input);
    case "product":
      return 0;
  }
}

/** Floating point operations of one run of a layer at sparsity S_l: Eq. 10, Eq. 11 for a GRU. */
export function layerFlops({ kind, input, output }: Layer, sparsity: number): number {
  switch (kind) {
    case "linear":
      return (1 - sparsity) * (2 * input - 1) * output;
    case "gru":
      return (1 - sparsity) * 3 * output * (2 * (output + input) - 1);
    case "product":
      return (2 * input - 1) * output;
  }
}

/**
 * QMIX's agent network, run once for each agent; `network` is the name in front, "central_agent" for WQMIX's
 * unrestricted one.
 */
export function agentLayers(shape: NetworkShape, network = "agent"): Layer[] {
  const { agents, actions, hidden } = shape;
  return [
    linear(`${network}.fc1`, agentInput(shape), hidden, agents),
    {
      name: `${network}.rnn`,
      kind: "gru",
      input: hidden,
      output: hidden,
      weights: [`${network}.rnn.weight_ih`, `${network}.rnn.weight_hh`],
      biases: 6 * hidden,
      runs: agents,
    },
    linear(`${network}.fc2`, hidden, actions, agents),
  ];
}

/** A feed-forward network of two hidden layers, run once for each agent. */
export function feedForwardLayers(shape: NetworkShape, network: FeedForwardName): Layer[] {
  const { agents, hidden } = shape;
  const { input, output } = feedForwardSizes(shape, network);
  return [
    linear(`${network}.fc1`, input, hidden, agents),
    linear(`${network}.fc2`, hidden, hidden, agents),
    linear(`${network}.fc3`, hidden, output, agents),
  ];
}

/**
 * QMIX's mixing network: two-layer hypernetworks, and the two products in which their results meet the agents' values.
 */
export function mixerLayers({ agents, state, embed, hypernetEmbed }: NetworkShape): Layer[] {
  return [
    linear("mixer.hyper_w_1.0", state, hypernetEmbed),
    linear("mixer.hyper_w_1.2", hypernetEmbed, agents * embed),
    linear("mixer.hyper_w_final.0", state, hypernetEmbed),
    linear("mixer.hyper_w_final.2", hypernetEmbed, embed),
    linear("mixer.hyper_b_1", state, embed),
    linear("mixer.V.0", state, embed),
    linear("mixer.V.2", embed, 1),
    product("mixer.w_1", agents, embed),
    product("mixer.w_final", embed, 1),
  ];
}

/**
 * WQMIX's unrestricted mixing network: state and agents' values through three hidden layers, and a bias of the state.
 */
export function unrestrictedMixerLayers({ agents, state, centralEmbed = CENTRAL_EMBED }: NetworkShape): Layer[] {
  return [
    linear("central_mixer.net.0", state + agents, centralEmbed),
    linear("central_mixer.net.2", centralEmbed, centralEmbed),
    linear("central_mixer.net.4", centralEmbed, centralEmbed),
    linear("central_mixer.net.6", centralEmbed, 1),
    linear("central_mixer.V.0", state, centralEmbed),
    linear("central_mixer.V.2", centralEmbed, 1),
  ];
}

function linear(name: string, input: number, output: number, runs = 1): Layer {
  return { name, kind: "linear", input, output, weights: [`${name}.weight`], biases: output, runs };
}

function product(name: string, input: number, output: number): Layer {
  return { name, kind: "product", input, output, weights: [], biases: 0, runs: 1 };
}
