import { expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { runLabels } from "./labels.js";

it("names methods, and shares a name among seeds", () => {
  const configs = [1, 2].flatMap((seed) => [resolveConfig({ method: "mast", seed }), resolveConfig({ method: "dense", seed })]);
  expect(runLabels(configs)).toEqual(["MAST", "Dense", "MAST", "Dense"]);
});

it("tells configurations of one method apart by what differs between them", () => {
  const configs = [resolveConfig({ method: "mast" }), resolveConfig({ method: "mast", returns: { kind: "one-step" } }), resolveConfig({ method: "rigl", sparsity: { level: 0.9 } })];
  expect(runLabels(configs)).toEqual(["MAST, returns.kind td-lambda", "MAST, returns.kind one-step", "RigL"]);
  expect(runLabels([resolveConfig({ method: "set", sparsity: { level: 0.9 } }), resolveConfig({ method: "set" })])).toEqual(["SET, sparsity.level 0.9", "SET, sparsity.level 0.95"]);
});
