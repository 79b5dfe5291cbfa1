// What ESLint looks for beside what the compiler refuses already. `npm run check` runs it; every exception says why it
// is one.
import eslint from "@eslint/js";
import globals from "globals";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      // Made by programs.
      "dist/",
      "dist.*.tmp/",
      ".cache/",
      "data/",
      "figures/",
      "site/built/",
      "notebooks/",
      ".jupyter/",
      // Python environments bring JavaScript of their own.
      ".venv*/",
      ".tensorflow/",
      ".browser/",
    ],
  },
  eslint.configs.recommended,
  ...tseslint.configs.recommended,
  {
    rules: {
      "@typescript-eslint/no-unused-vars": [
        "error",
        {
          // A name that begins with "_" says that it is there for its place alone: `const { parts: _, ...rest } =
          // config`.
          argsIgnorePattern: "^_",
          varsIgnorePattern: "^_",
          destructuredArrayIgnorePattern: "^_",
          caughtErrorsIgnorePattern: "^_",
          // What is taken out of an object so that the rest is without it.
          ignoreRestSiblings: true,
        },
      ],
      // `condition && act()` and `a ? b() : c()` are statements that the code base uses where an `if` would take three
      // lines.
      "@typescript-eslint/no-unused-expressions": ["error", { allowShortCircuit: true, allowTernary: true }],
    },
  },
  {
    // Scripts that run before anything is compiled; in TypeScript, the compiler knows what is defined.
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: globals.node },
  },
  {
    // A stand-in for a package that is loaded by `require`.
    files: ["src/setup/tfjs-node/*.js"],
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  {
    // Tests look for control characters on purpose: that no message holds any.
    files: ["**/*.test.ts"],
    rules: { "no-control-regex": "off" },
  },
);
