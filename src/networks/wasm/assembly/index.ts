/**
 * The wasm engine's kernels. All work on tiles: [feature][16 lanes] of float32, one cache line a feature, where a lane
 * is an episode (training) or an agent of one environment (acting). Every weight is then one broadcast times a
 * contiguous run of lanes, so unstructured sparsity vectorises. `vectors` (1..4) says how many of a tile's four
 * 128-bit vectors hold lanes that still run; the others are neither read nor written.
 *
 * Every lane is computed by itself and in the same order whatever else is in the tile, so an episode's or
 * environment's values never depend on its neighbours.
 *
 * Addresses are in bytes; the memory is laid out from TypeScript.
 */
export { sparseAccumulate, sparseForward, sparseGated } from "./sparse-product";
export { denseAccumulate, denseForward, denseGated } from "./dense-product";
export { mixCounterfactuals } from "./counterfactual";
export { denseGradient, rowSums, sparseGradient } from "./gradient";
export { gruBackward, gruForward } from "./gru";
export { mixBackward, mixForward } from "./mix";
export { chosenTiles, oneHotTiles, rowsFromTiles, tilesFromRows } from "./tiles";
export {
  applyMask,
  rmsprop,
  rmspropSparse,
  scatterValues,
  squaredNorm,
  sumVectors,
  transposeMatrix,
} from "./optimiser";
export { multiplyAddPeak } from "./peak";
