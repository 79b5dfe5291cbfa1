// Figures and tables beyond those that `mast-lab` itself

export { battleFigure, type BattleFigureOptions } from "../figures/battle.js";
export { bodyFigure, type BodyFigureOptions } from "../figures/bodies.js";
export {
  costComparison,
  costFigure,
  type CostShares,
  layerTable,
  reproduceCosts,
  type ReproducedCost,
} from "../figures/costs.js";
export {
  type Feature,
  featureTable,
  inputBlocks,
  observationFeatures,
  stateFeatures,
  unitTable,
} from "../figures/features.js";
export {
  evolutionImage,
  type EvolutionImageOptions,
  type EvolutionPanel,
  evolutionSteps,
  fractionCurve,
} from "../figures/evolution.js";
export { type Line, linePanels, type LinePanelsOptions, type Panel, type PanelAxis } from "../figures/panels.js";
export {
  realEvidenceTable,
  type RealGameLearning,
  type RealGameRow,
  realLearningFigure,
  realLearningTable,
  realNetworkFigure,
  realNetworkTable,
  realTargetTable,
} from "../figures/real-game.js";
export { sideBySide } from "../figures/side-by-side.js";
export type { Layout, Trace } from "../figures/figure.js";
export type { InputBlock, MaskOptions } from "../figures/masks.js";
export type { ReplayOptions } from "../display/replay.js";
export type { TrainingCurvesOptions } from "../figures/curves.js";
