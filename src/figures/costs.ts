// The built-in algorithms have to be registered, because costs are looked up by the algorithms' names.
import "../parts/built-in.js";
import { algorithmTitle, type PaperAlgorithm } from "../methods.js";
import type { NetworkShape } from "../networks/parameters.js";
import { readPaperTable } from "../results/paper.js";
import { mean } from "../results/statistics.js";
import { type Cost, costOf, relativeCost, sparseCost } from "../sparse/flops.js";
import { type Figure, round, type Trace } from "./figure.js";
import type { Table } from "./table.js";
import { axis, layout, methodStyles, panelTitle } from "./theme.js";

/** Sizes and FLOPs as shares of the dense model's: three columns of Table 1. */
export interface CostShares {
  /** Weights and biases that training holds, over those of the dense networks: column "Total Size". */
  readonly totalSize: number;
  /** Floating point operations of one update, over those of the dense networks: column "FLOPs (Train)". */
  readonly trainFlops: number;
  /** Floating point operations of one step of acting, over those of the dense networks: column "FLOPs (Test)". */
  readonly inferenceFlops: number;
}

/** A row of the paper's Table 1 beside what the equations give. */
export interface ReproducedCost {
  /** The algorithm whose networks are counted. */
  readonly algorithm: PaperAlgorithm;
  /** "average" for the mean over an algorithm's rows. */
  readonly environment: string;
  /** S, the share of weights removed from each network, 0..1. */
  readonly sparsity: number;
  /** The figures that equations 8 to 24 give. */
  readonly ours: CostShares;
  /** The figures that Table 1 prints. */
  readonly paper: CostShares;
}

const COLUMNS = [
  ["totalSize", "Total size"],
  ["trainFlops", "FLOPs (train)"],
  ["inferenceFlops", "FLOPs (test)"],
] as const;

/** Title and colour of every network of the algorithms. */
const NETWORKS: Readonly<Record<string, { readonly title: string; readonly colour: string }>> = {
  agent: { title: "Agents", colour: "#0072B2" },
  mixer: { title: "Mixer", colour: "#D55E00" },
  central_agent: { title: "Unrestricted agents", colour: "#56B4E9" },
  central_mixer: { title: "Unrestricted mixer", colour: "#E69F00" },
};

/**
 * Recomputes the sizes and FLOPs of the paper's Table 1, row by row, by equations 8 to 24. Averages are the means of
 * our rows before rounding.
 *
 * @param shapeOf returns the dense networks' shape on a map
 * @example const rows = reproduceCosts((map) => networkPlan(resolveConfig({ environment: map })).shape);
 */
export function reproduceCosts(shapeOf: (environment: string) => NetworkShape): ReproducedCost[] {
  const rows: ReproducedCost[] = [];
  for (const { algorithm, environment, sparsity, totalSize, trainFlops, inferenceFlops } of readPaperTable("table-1")) {
    if (algorithm === "all") continue;
    const paper = { totalSize, trainFlops, inferenceFlops };
    const own = rows.filter((row) => row.algorithm === algorithm).map((row) => row.ours);
    const ours = environment === "average" ? meanShares(own) : shares(algorithm, shapeOf(environment), sparsity);
    rows.push({ algorithm, environment, sparsity, ours, paper });
  }
  return rows;
}

/** Tells whether a share, rounded as in the paper's tables, is what the paper prints. */
export function agrees(ours: number, paper: number): boolean {
  return ours.toFixed(3) === paper.toFixed(3);
}

/**
 * A table of what the equations give beside what the paper prints, with a mark at each cell.
 *
 * @example
 * showTable(costComparison(reproduceCosts(shapeOf)));
 */
export function costComparison(rows: readonly ReproducedCost[]): Table {
  const cells = rows.flatMap(({ ours, paper }) => COLUMNS.map(([column]) => agrees(ours[column], paper[column])));
  return {
    title: "Table 1, relative to the dense model",
    columns: [
      { title: "Algorithm" },
      { title: "Map" },
      { title: "Sparsity", align: "right" },
      ...COLUMNS.flatMap(([, title]) => [
        { title, align: "right" as const },
        { title: "paper", align: "right" as const },
      ]),
    ],
    rows: rows.map(({ algorithm, environment, sparsity, ours, paper }) => [
      algorithmTitle(algorithm),
      environment,
      `${Math.round(100 * sparsity)} %`,
      ...COLUMNS.flatMap(([column]) => [
        ours[column].toFixed(4),
        `${paper[column].toFixed(3)} ${agrees(ours[column], paper[column]) ? "✓" : "✗"}`,
      ]),
    ]),
    note: `${cells.filter(Boolean).length} of ${cells.length} cells are as printed (✓) when ours are rounded to three digits.`,
  };
}

/**
 * A table of each layer's weights, the share of them that is left, biases, and FLOPs of one forward pass of the team.
 *
 * @param dense the cost of the same networks without masks
 * @example
 * showTable(layerTable(sparseCost("qmix", shape, { sparsity: 0.95 }), costOf("qmix", shape)));
 */
export function layerTable(
  sparse: Cost,
  dense: Cost,
  options: { readonly title?: string; readonly note?: string } = {},
): Table {
  const row = (name: string, before: Counts, after: Counts): string[] => [
    name,
    whole(before.weights),
    before.weights === 0 ? "" : `${((100 * after.weights) / before.weights).toFixed(1)} %`,
    whole(after.weights),
    whole(after.biases),
    whole(before.flops),
    whole(after.flops),
  ];
  return {
    ...options,
    columns: ["Layer", "Weights, dense", "Density", "Weights", "Biases", "FLOPs, dense", "FLOPs"].map((title, i) =>
      i === 0 ? { title } : { title, align: "right" as const },
    ),
    rows: Object.entries(sparse.networks).flatMap(([name, network]) => [
      ...network.layers.map((layer, l) => row(layer.name, dense.networks[name].layers[l], layer)),
      row(`${name}, together`, dense.networks[name], network),
    ]),
  };
}

type Counts = { readonly weights: number; readonly biases: number; readonly flops: number };

/** The curves end where most of what is left is what no mask thins. */
const SPARSITIES = [0, 0.2, 0.35, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99];
const DENSITIES = SPARSITIES.map((sparsity) => round(1 - sparsity));

/**
 * Draws total size and training FLOPs of the algorithms against sparsity, relative to dense, and in which networks a
 * dense update spends its FLOPs. Both axes of the curves are logarithmic, in 1 - S and in the cost, because all
 * differences lie at high sparsity.
 *
 * @param shape of the dense model
 * @example await showFigure(costFigure(shape, { title: "3s5z" }));
 */
export function costFigure(
  shape: NetworkShape,
  options: { readonly title?: string; readonly algorithms?: readonly PaperAlgorithm[] } = {},
): Figure {
  const { title = "", algorithms = ["qmix", "ow-qmix", "res"] } = options;
  const styles = methodStyles(algorithms.map((algorithm) => algorithmTitle(algorithm)));
  const curves = algorithms.flatMap((algorithm, i): Trace[] => {
    const { label, colour, dash } = styles[i];
    const relative = SPARSITIES.map((sparsity) => shares(algorithm, shape, sparsity));
    return (["totalSize", "trainFlops"] as const).map((column, panel) => ({
      type: "scatter",
      mode: "lines",
      name: label,
      legendgroup: label,
      legendrank: i,
      showlegend: panel === 0,
      x: DENSITIES,
      y: relative.map((values) => round(values[column])),
      line: { color: colour, dash, width: 2 + 1.5 * i },
      ...panelAxes(panel),
      customdata: SPARSITIES,
      hovertemplate: "%{y:.3f} at sparsity %{customdata:.1%}",
    }));
  });
  const ideal = [0, 1].map((panel): Trace => ({
    type: "scatter",
    mode: "lines",
    name: "1 − S",
    legendgroup: "ideal",
    showlegend: panel === 0,
    hoverinfo: "skip",
    x: DENSITIES,
    y: DENSITIES,
    line: { color: "#999999", dash: "dot", width: 1.5 },
    ...panelAxes(panel),
  }));
  const dense = algorithms.map((algorithm) => costOf(algorithm, shape, { batch: 1 }));
  const bars = Object.entries(NETWORKS).flatMap(([name, { title: network, colour }]): Trace[] => {
    const present = algorithms
      .map((algorithm, i) => ({ label: algorithmTitle(algorithm), cost: dense[i] }))
      .filter(({ cost }) => name in cost.networks);
    if (present.length === 0) return [];
    return [
      {
        type: "bar",
        orientation: "h",
        name: network,
        legend: "legend2",
        xaxis: "x3",
        yaxis: "y3",
        marker: { color: colour },
        y: present.map(({ label }) => label),
        x: present.map(({ cost }) => round((cost.passes[name] * cost.networks[name].flops) / 1e6)),
        customdata: present.map(({ cost }) => cost.passes[name]),
        hovertemplate: `${network}: %{x:.3~g} MFLOPs in %{customdata} passes<extra>%{y}</extra>`,
      },
    ];
  });
  const share = {
    type: "log",
    range: [-2, 0.02],
    tickvals: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
    domain: [0.5, 0.94],
  };
  const sparsity = {
    type: "log",
    range: [0.02, -2],
    tickvals: [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01],
    ticktext: ["0", "50", "80", "90", "95", "98", "99"],
    tickangle: 0,
    tickfont: { size: 12 },
  };
  return {
    // The sizes of QMIX and RES are the same, so the narrower line is drawn over the wider one.
    data: [...ideal, ...curves.reverse(), ...bars],
    layout: layout(title, {
      height: 660,
      xaxis: axis("Sparsity S, %", { ...sparsity, domain: [0, 0.45], anchor: "y" }),
      yaxis: axis("Relative to dense", { ...share, anchor: "x" }),
      xaxis2: axis("Sparsity S, %", { ...sparsity, domain: [0.55, 1], anchor: "y2" }),
      yaxis2: axis("", { ...share, anchor: "x2" }),
      xaxis3: axis("MFLOPs", { anchor: "y3" }),
      yaxis3: axis("", { domain: [0, 0.2], anchor: "x3", autorange: "reversed", ticks: "", showgrid: false }),
      barmode: "stack",
      annotations: [
        panelTitle("Total size", 0, 0.94),
        panelTitle("FLOPs of training", 0.55, 0.94),
        panelTitle("FLOPs of a dense update for one step of one episode, by network", 0, 0.3),
      ],
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.005, yanchor: "bottom" },
      legend2: { orientation: "h", x: 0, xanchor: "left", y: 0.205, yanchor: "bottom", traceorder: "normal" },
      margin: { l: 84, r: 24, t: 78, b: 56 },
    }),
    summary: `${title || "Costs"}: FLOPs of a dense update relative to ${algorithmTitle(algorithms[0])}: ${algorithms.map((algorithm, i) => `${algorithmTitle(algorithm)} ${round(dense[i].trainFlops / dense[0].trainFlops, 3)}`).join(", ")}`,
  };
}

function panelAxes(panel: number): { readonly xaxis: string; readonly yaxis: string } {
  return panel === 0 ? { xaxis: "x", yaxis: "y" } : { xaxis: "x2", yaxis: "y2" };
}

function shares(algorithm: PaperAlgorithm, shape: NetworkShape, sparsity: number): CostShares {
  const { totalSize, trainFlops, inferenceFlops } = relativeCost(
    sparseCost(algorithm, shape, { sparsity }),
    costOf(algorithm, shape),
  );
  return { totalSize, trainFlops, inferenceFlops };
}

function meanShares(rows: readonly CostShares[]): CostShares {
  const of = (column: keyof CostShares): number => mean(rows.map((row) => row[column]));
  return { totalSize: of("totalSize"), trainFlops: of("trainFlops"), inferenceFlops: of("inferenceFlops") };
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
