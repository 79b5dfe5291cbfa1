import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import "../node/host.js";
import { createEnvironment } from "../envs/index.js";
import { networkParameters } from "../networks/parameters.js";
import { encodeSafetensors } from "../runs/safetensors.js";
import { evaluateCommand, evaluationText, wilsonInterval } from "./evaluate.js";

const folder = mkdtempSync(join(tmpdir(), "mast-evaluate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An agent that always prefers one action: all weights are 0, and its last bias is 1. */
function stubborn(action: number): string {
  const shape = { ...createEnvironment("3m").sizes, hidden: 64, embed: 32, hypernetEmbed: 64 };
  const tensors = new Map(
    networkParameters(shape)
      .filter(({ network }) => network === "agent")
      .map(({ name, shape }) => [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }]),
  );
  tensors.get("agent.fc2.bias")!.data[action] = 1;
  const path = join(folder, `stubborn-${action}.safetensors`);
  writeFileSync(path, encodeSafetensors(tensors));
  return path;
}

describe("mast evaluate", () => {
  it("plays a network in PyMARL's names and writes one row an episode", () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const csv = join(folder, "rows.csv");
    evaluateCommand(stubborn(1), { environment: "3m", episodes: 5, seed: 7, csv });
    expect(log.mock.calls[0][0]).toMatch(
      /^won 0\.0 % of 5 episodes \(95 % interval 0\.0 to 43\.4\), return 0\.00, \d+\.\d steps$/,
    );
    log.mockRestore();
    const [head, ...rows] = readFileSync(csv, "utf8").trim().split("\n");
    expect(head).toBe("seed,won,return,steps");
    expect(rows.map((row) => row.split(",").slice(0, 3).join())).toEqual([
      "7,0,0",
      "8,0,0",
      "9,0,0",
      "10,0,0",
      "11,0,0",
    ]);
  });

  it("refuses networks of another map and files that hold none, in one line", () => {
    const network = stubborn(1);
    expect(() => evaluateCommand(network, { environment: "8m", episodes: 1 })).toThrow(
      /is not a network for 8m: its agent\.fc1\.weight is \[64, 42\], and 8m needs \[64, \d+\]/,
    );
    expect(() => evaluateCommand(network, { episodes: 1 })).toThrow(/add --environment MAP/);
    const other = join(folder, "other.safetensors");
    writeFileSync(other, encodeSafetensors(new Map([["weight", { shape: [1], data: new Float32Array(1) }]])));
    expect(() => evaluateCommand(other, { environment: "3m", episodes: 1 })).toThrow(/holds no agent network/);
    expect(() => evaluateCommand(join(folder, "none.safetensors"), { environment: "3m", episodes: 1 })).toThrow(
      /There is no file/,
    );
  });

  it("gives Wilson's interval", () => {
    // Wilson's interval (1927) for 8 of 10 is 0.490 to 0.943.
    const [low, high] = wilsonInterval(0.8, 10);
    expect(low).toBeCloseTo(0.4902, 3);
    expect(high).toBeCloseTo(0.9433, 3);
    expect(evaluationText([{ seed: 1, won: true, return: 20, steps: 30 }])).toMatch(/^won 100\.0 % of 1 episodes/);
  });
});
