import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type typescript from "typescript";
import { expect, it } from "vitest";
import { packageRoot } from "./node/project.js";

it("keeps its types in a notebook, whose TypeScript is 5.0", () => {
  // The compiler that tslab brings; it reads what it does not know, such as Float32Array<ArrayBuffer>, as any and says nothing.
  const ts = createRequire(createRequire(import.meta.url).resolve("tslab/package.json"))("@tslab/typescript-for-tslab") as typeof typescript;
  expect(ts.version).toMatch(/^5\.0\./);
  const cache = join(packageRoot(), ".cache");
  mkdirSync(cache, { recursive: true });
  const declarations = mkdtempSync(join(cache, "declarations-"));
  try {
    execFileSync(process.execPath, ["node_modules/typescript-native/bin/tsc", "-p", "tsconfig.build.json", "--emitDeclarationOnly", "--declarationMap", "false", "--sourceMap", "false", "--outDir", declarations], { cwd: packageRoot(), stdio: "pipe" });
    const entry = join(declarations, "index.d.ts");
    const program = ts.createProgram([entry], { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10, lib: ["lib.es2022.d.ts"], types: ["node"], strict: true, esModuleInterop: true });
    const ours = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(declarations.replaceAll("\\", "/")));
    expect(ours.length).toBeGreaterThan(30);
    const problems = ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]);
    expect(problems.map(({ file, messageText }) => `${file?.fileName.slice(declarations.length)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`)).toEqual([]);

    const checker = program.getTypeChecker();
    const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!);
    const lost = symbols.flatMap((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      if (!(target.flags & ts.SymbolFlags.Value)) return [];
      const type = checker.getTypeOfSymbolAtLocation(target, program.getSourceFile(entry)!);
      const types = [type, ...type.getCallSignatures().flatMap((signature) => [signature.getReturnType(), ...signature.getParameters().map((parameter) => checker.getTypeOfSymbolAtLocation(parameter, program.getSourceFile(entry)!))])];
      return types.some(({ flags }) => flags & ts.TypeFlags.Any) ? [symbol.name] : [];
    });
    expect(symbols.length).toBeGreaterThan(100);
    expect(lost).toEqual([]);
  } finally {
    rmSync(declarations, { recursive: true, force: true });
  }
});
