import { expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { methodLabel, runLabels } from "./labels.js";
import { METHOD_STYLES, methodStyles } from "./theme.js";

it("names methods, and shares a name among seeds", () => {
  const configs = [1, 2].flatMap((seed) => [
    resolveConfig({ method: "mast", seed }),
    resolveConfig({ method: "dense", seed }),
  ]);
  expect(runLabels(configs)).toEqual(["MAST", "Dense", "MAST", "Dense"]);
});

it("tells configurations of one method apart by what differs between them", () => {
  const configs = [
    resolveConfig({ method: "mast" }),
    resolveConfig({ method: "mast", returns: { kind: "one-step" } }),
    resolveConfig({ method: "rigl", sparsity: { level: 0.9 } }),
  ];
  expect(runLabels(configs)).toEqual(["MAST, returns.kind = td-lambda", "MAST, returns.kind = one-step", "RigL"]);
  expect(
    runLabels([resolveConfig({ method: "set", sparsity: { level: 0.9 } }), resolveConfig({ method: "set" })]),
  ).toEqual(["SET, sparsity.level = 0.9", "SET, sparsity.level = 0.95"]);
});

it("names the algorithm where several are compared, and not what each brings along", () => {
  const configs = (["qmix", "ow-qmix", "res"] as const).flatMap((algorithm) => [
    resolveConfig({ algorithm, method: "rigl" }),
    resolveConfig({ algorithm, method: "mast" }),
  ]);
  expect(runLabels(configs)).toEqual([
    "RigL-QMIX",
    "MAST-QMIX",
    "RigL-OW-QMIX",
    "MAST-OW-QMIX",
    "RigL-RES-QMIX",
    "MAST-RES-QMIX",
  ]);
  const slow = resolveConfig({ algorithm: "ow-qmix", method: "mast", optimiser: { learningRate: 1e-4 } });
  expect(runLabels([...configs.slice(0, 4), slow]).slice(1)).toEqual([
    "MAST-QMIX",
    "RigL-OW-QMIX",
    "MAST-OW-QMIX, optimiser.learningRate = 0.0005",
    "MAST-OW-QMIX, optimiser.learningRate = 0.0001",
  ]);
  expect(methodStyles(["MAST-OW-QMIX"])[0]).toMatchObject({
    colour: METHOD_STYLES.at(-1)!.colour,
    label: "MAST-OW-QMIX",
  });
});

it("names tickets, which share a label where each seed has a source of its own", () => {
  const winning = (seed: number, source: string) => resolveConfig({ seed, ticket: { kind: "winning", source } });
  const ofMast = [winning(1, "3m-qmix-mast-95-2M-seed1-0123abcd"), winning(2, "3m-qmix-mast-95-2M-seed2-4567abcd")];
  const random = resolveConfig({ ticket: { kind: "random" } });
  expect([...ofMast, random].map(methodLabel)).toEqual([
    "MAST, winning ticket",
    "MAST, winning ticket",
    "MAST, random ticket",
  ]);
  expect(runLabels([resolveConfig(), ...ofMast, random])).toEqual([
    "MAST",
    "MAST, winning ticket",
    "MAST, winning ticket",
    "MAST, random ticket",
  ]);
  expect(runLabels([ofMast[0], winning(1, "3m-qmix-rigl-95-2M-seed1-89abcdef")])).toEqual([
    "MAST, winning ticket, ticket.source = 3m-qmix-mast-95-2M",
    "MAST, winning ticket, ticket.source = 3m-qmix-rigl-95-2M",
  ]);
  // Two sources for one seed are not seeds of one thing, whatever their names have in common.
  expect(new Set(runLabels([ofMast[0], winning(1, "3m-qmix-mast-95-2M-seed1-cccccccc")])).size).toBe(2);
  expect(runLabels([ofMast[0], resolveConfig({ algorithm: "ow-qmix", ticket: { kind: "random" } })])).toEqual([
    "MAST-QMIX, winning ticket",
    "MAST-OW-QMIX, random ticket",
  ]);
});
