import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const { committedFiles } = (await import(new URL("./committed.mjs", import.meta.url).href)) as {
  committedFiles(root: string, folder: string, ending: string): string[];
};

let root: string;
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@b.c", ...args], { cwd: root, stdio: "pipe" });
const write = (name: string, content: string) => writeFileSync(join(root, "notebooks", name), content);
const trusted = () => committedFiles(root, "notebooks", ".ipynb").map((path) => basename(path));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mast-committed-"));
  mkdirSync(join(root, "notebooks"));
  git("init", "-q");
  write("a.ipynb", "first");
  write("b c.ipynb", "second");
  write("README.md", "no notebook");
  git("add", ".");
  git("commit", "-qm", "notebooks");
});
afterEach(() => {
  delete process.env["GIT_DIR"];
  rmSync(root, { recursive: true, force: true });
});

it("names notebooks that are committed and unchanged", () => {
  expect(trusted()).toEqual(["a.ipynb", "b c.ipynb"]);
});

it.each([
  ["is changed", () => write("a.ipynb", "other")],
  ["is changed to the same length", () => write("a.ipynb", "tsrif")],
  ["is changed and staged", () => (write("a.ipynb", "other"), git("add", "."))],
  [
    "is changed behind a mark that git shall assume it unchanged",
    () => (git("update-index", "--assume-unchanged", "notebooks/a.ipynb"), write("a.ipynb", "other")),
  ],
  [
    "is changed behind a mark that git shall skip it",
    () => (git("update-index", "--skip-worktree", "notebooks/a.ipynb"), write("a.ipynb", "other")),
  ],
  ["is removed", () => rmSync(join(root, "notebooks/a.ipynb"))],
  [
    "is a link to the same content elsewhere",
    () => (
      renameSync(join(root, "notebooks/a.ipynb"), join(root, "a")),
      symlinkSync("../a", join(root, "notebooks/a.ipynb"))
    ),
  ],
  ["is a folder", () => (rmSync(join(root, "notebooks/a.ipynb")), mkdirSync(join(root, "notebooks/a.ipynb")))],
])("leaves one out that %s", (_, change) => {
  change();
  expect(trusted()).toEqual(["b c.ipynb"]);
});

it("leaves out what is new, staged or not, and what git ignores", () => {
  write("new.ipynb", "x");
  write("staged.ipynb", "x");
  git("add", "notebooks/staged.ipynb");
  writeFileSync(join(root, ".gitignore"), "ignored.ipynb\n");
  write("ignored.ipynb", "x");
  expect(trusted()).toEqual(["a.ipynb", "b c.ipynb"]);
});

it("names none of a folder inside of another repository, nor of the repository that GIT_DIR names, nor without a commit", () => {
  const inner = join(root, "inner");
  mkdirSync(join(inner, "notebooks"), { recursive: true });
  writeFileSync(join(inner, "notebooks", "a.ipynb"), "first");
  git("add", ".");
  git("commit", "-qm", "more");
  expect(committedFiles(inner, "notebooks", ".ipynb")).toEqual([]);
  process.env["GIT_DIR"] = join(root, ".git");
  expect(committedFiles(inner, "notebooks", ".ipynb")).toEqual([]);
  delete process.env["GIT_DIR"];
  rmSync(join(root, ".git"), { recursive: true });
  git("init", "-q");
  expect(trusted()).toEqual([]);
});
