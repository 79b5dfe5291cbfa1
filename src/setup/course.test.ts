import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

interface Cell {
  cell_type: string;
  source: string[] | string;
  metadata: { tags?: string[]; nbgrader?: { points?: number; grade: boolean; solution: boolean; grade_id: string } };
  outputs?: unknown[];
}
interface Notebook {
  cells: Cell[];
}
const { studentVersion } = (await import(new URL("./course.mjs", import.meta.url).href)) as {
  studentVersion(notebook: Notebook): Notebook;
};
const { findNbgrader } = (await import(new URL("./nbgrader.mjs", import.meta.url).href)) as {
  findNbgrader(): string | undefined;
};
const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Notebook;
const textOf = ({ cells }: Notebook) => cells.map(({ source }) => [source].flat().join("")).join("\n\n");
const course = (command: string, environment: NodeJS.ProcessEnv = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["src/setup/course.mjs", ...command.split(" ")], {
    cwd: root,
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
};

const folder = mkdtempSync(join(tmpdir(), "mast-course-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("notebooks for students", () => {
  it("have no findings and no outputs, and all the rest", () => {
    expect(course(`students --out ${folder}/students`).status).toBe(0);
    const notebooks = readdirSync(join(root, "notebooks")).filter((name) => name.endsWith(".ipynb"));
    let questions = 0;
    for (const name of notebooks) {
      const [full, student] = [read(join(root, "notebooks", name)), read(join(folder, "students", name))];
      const text = textOf(student);
      expect(text).not.toMatch(/what we find/i);
      expect(student.cells.every(({ outputs }) => (outputs ?? []).length === 0)).toBe(true);
      const code = ({ cells }: Notebook) =>
        cells.filter((cell) => cell.cell_type === "code").map(({ source }) => source);
      expect(code(student)).toEqual(code(full));
      const headings = (of: Notebook) =>
        (textOf(of).match(/^#+ .*$/gm) ?? []).filter((line) => !/What we find/.test(line));
      expect(headings(student)).toEqual(headings(full));
      questions += text.split("What do you find?").length - 1;
    }
    expect(questions).toBeGreaterThan(30);
  });

  it("keep what stands before a finding and behind the next heading", () => {
    const cell = (source: string, tags?: string[]) => ({
      cell_type: "markdown",
      source,
      metadata: tags ? { tags } : {},
    });
    const { cells } = studentVersion({
      cells: [
        cell("Before.\n\n**What we find** (3 seeds):\n\n- 97 %\n\n### After\n\nText."),
        cell("It is 5.", ["findings"]),
      ],
    });
    const [first, second] = cells.map(({ source }) => [source].flat().join(""));
    expect(first).toMatch(/^Before\.\n\n\*\*What do you find\?\*\*.*\n\n### After\n\nText\.$/);
    expect(second).toMatch(/^\*\*What do you find\?\*\*/);
  });
});

describe("trained runs for a class", () => {
  it("are packed when they are complete, and only then", () => {
    const store = join(folder, "runs");
    for (const [name, file] of [
      ["one", "summary.json"],
      ["two", "checkpoint.safetensors"],
    ] as const) {
      mkdirSync(join(store, name), { recursive: true });
      cpSync(join(root, "package.json"), join(store, name, file));
    }
    const { status, stdout } = course(`runs --out ${folder}/out`, { MAST_RUNS: store });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^1 complete runs in .*runs\.tar\.gz/)]);
    const listed = spawnSync("tar", ["-tzf", join(folder, "out", "runs.tar.gz")], { encoding: "utf8" }).stdout;
    expect(listed.trim().split("\n").sort()).toEqual(["one/", "one/summary.json"]);
  });

  it.each([
    ["nothing was trained", "runs", /^there are no complete runs in .*: train some first, for example with .*\n$/],
    ["there is no such thing", "teachers", /^usage: npm run course -- students\|runs \[--out FOLDER\]\n$/],
  ])("one line says that %s", (_, command, line) => {
    const { status, stderr } = course(command, { MAST_RUNS: join(folder, "empty") });
    expect(status).toBe(1);
    expect(stderr).toMatch(line);
  });
});

const SETS = ["ps1-masks", "ps2-targets", "ps3-buffers", "ps4-study"];
const source = (set: string) => read(join(root, "notebooks/course/source", set, `${set}.ipynb`));
/** Returns the points of the cells that are graded by their checks. */
const points = (set: string) =>
  source(set)
    .cells.filter(({ cell_type, metadata }) => cell_type === "code" && metadata.nbgrader?.grade)
    .reduce((sum, { metadata }) => sum + metadata.nbgrader!.points!, 0);

const python = findNbgrader();
const built = existsSync(join(root, "dist/index.js"));
if (python === undefined) console.warn("skipped: grading of the problem sets (no nbgrader; .ci/run installs it)");

describe.skipIf(python === undefined || !built)("the problem sets in nbgrader", () => {
  // The folder is inside of the project, where the notebooks find the library.
  const work = join(root, ".cache", "course-test");
  const nbgrader = (...args: string[]) => {
    const { status, stderr } = spawnSync(python!, ["-m", "nbgrader", ...args], {
      cwd: work,
      env: { ...process.env, JUPYTER_PATH: join(root, ".jupyter"), PATH: `${dirname(python!)}:${process.env["PATH"]}` },
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
  };
  const grades = () => {
    nbgrader("export");
    const [header, ...rows] = readFileSync(join(work, "grades.csv"), "utf8").trim().split(/\r?\n/);
    const column = (name: string) => header.split(",").indexOf(name);
    return new Map(
      rows
        .map((row) => row.split(","))
        .map((row) => [`${row[column("student_id")]} ${row[column("assignment")]}`, Number(row[column("raw_score")])]),
    );
  };

  beforeAll(() => {
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    cpSync(join(root, "notebooks/course/source"), join(work, "source"), { recursive: true });
    cpSync(join(root, "notebooks/course/nbgrader_config.py"), join(work, "nbgrader_config.py"));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it.each(SETS)(
    "gives all points of %s to its solutions, and none to whoever answers nothing",
    { timeout: 400_000 },
    (set) => {
      nbgrader("generate_assignment", set, "--create");
      const released = textOf(read(join(work, "release", set, `${set}.ipynb`)));
      expect(released).not.toMatch(/BEGIN|END SOLUTION|HIDDEN/);
      expect(released).toContain('throw new Error("Replace this line with your solution.");');
      for (const [student, from] of [
        ["right", "source"],
        ["wrong", "release"],
      ] as const)
        cpSync(join(work, from, set), join(work, "submitted", student, set), { recursive: true });
      nbgrader("autograde", set, "--create");
      expect([grades().get(`right ${set}`), grades().get(`wrong ${set}`)]).toEqual([points(set), 0]);
    },
  );
});
