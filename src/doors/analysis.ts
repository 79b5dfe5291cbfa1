// This module analyses trained runs beyond curves and scores.
//   import { measureConnections, seedTable } from "mast-lab/analysis";

export {
  type AgentActivity,
  type AgentConnections,
  measureConnections,
  type TeamConnections,
  type UsedConnections,
} from "../analysis/connections-used.js";
export { type CutCurve, winRateWithout } from "../analysis/cut.js";
export { gateTable, inputTable, spreadTable, typeTable } from "../analysis/mask-tables.js";
export { estimateTable, type EstimateTableOptions } from "../analysis/estimates.js";
export { type BattlePair, battlePair } from "../analysis/recorded-battle.js";
export { seedTable, type SeedTableOptions, sharedSteps } from "../analysis/seeds.js";
export { overestimationCurve } from "../analysis/curves.js";
export { topologyChange, type TopologyChange } from "../analysis/topology-change.js";
export type { DamagedRun, RunState } from "../runs/store.js";
export type { RunCost } from "../runs/summary-file.js";
export type { RunAllOptions } from "../runs/run-all.js";
export type { WeightsPlace } from "../runs/weights.js";
export type { Part } from "../runs/growing-file.js";
export type { Computing, Device } from "../runs/run.js";
export type { AgedChoices, DistanceMoment } from "../analysis/policy-distance.js";
export type { MetricsRow } from "../runs/metrics.js";
export type { Checkpoint } from "../runs/checkpoint.js";
export type { ResultsPlace } from "../results/place.js";
export type { MaskMoment } from "../runs/mask-history.js";
export type { Cell, CellStatistics } from "../results/cells.js";
