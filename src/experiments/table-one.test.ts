import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keepPaperRuns } from "./fixtures.js";
import { COMPARISONS } from "./comparative.js";
import { tableOne } from "./table-one.js";

it("shows what was trained beside the paper's numbers, and the paper's alone where nothing was", () => {
  const folder = mkdtempSync(join(tmpdir(), "mast-results-"));
  try {
    writeFileSync(
      join(folder, "comparison-2s3z-methods.csv"),
      "method,sparsity,seeds,mean,relativeToDense\ndense,0,5,0.8,1\nmast,0.9,5,0.9,1.125\nss,0.9,5,0.4,0.5\n",
    );
    const { columns, rows } = tableOne("classroom", folder);
    const cell = (row: readonly string[], title: string) => row[columns.findIndex((column) => column.title === title)];
    const ours = rows.find(([algorithm, map]) => algorithm === "QMIX" && map === "2s3z")!;
    expect(rows).toHaveLength(12);
    expect(cell(ours, "MAST")).toBe("112.5 (98.0)");
    expect(cell(ours, "SS")).toBe("50.0 (73.0)");
    expect(cell(ours, "Tiny")).toBe("(83.7)");
    expect(cell(ours, "Dense wins, %")).toBe("80.0");
    expect(cell(ours, "Sparsity, %")).toBe("90 (95)");
    expect(rows[0].slice(0, 5)).toEqual(["QMIX", "3m", "95", "", ""]);
    expect(cell(rows[0], "MAST")).toBe("(100.9)");
    // At the paper's budget some methods have one seed more.
    const runs = COMPARISONS.find(({ id }) => id === "comparison-3s5z")!.configs("paper", 2);
    const wanted = runs.filter(({ method, seed }) => method === "mast" || (method === "dense" && seed === 1));
    keepPaperRuns(folder, wanted, ({ method, seed }) => (method === "dense" ? 0.9 : 0.8 + 0.02 * (seed - 1)));
    const table = tableOne("paper", folder).rows;
    const paper = table.find(([algorithm, map]) => algorithm === "QMIX" && map === "3s5z")!;
    expect(paper.slice(2, 5)).toEqual(["90", "1 or 2", "90.0"]);
    expect(cell(paper, "MAST")).toBe("90.0 (99.0)");
    expect(cell(paper, "SS")).toBe("(34.0)");
    expect(table.find(([, map]) => map === "2s3z")![3]).toBe("");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
