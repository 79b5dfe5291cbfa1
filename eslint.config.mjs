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
      // Where undefined means the same as a field that is left out, the field is simply given: there is no
      // `exactOptionalPropertyTypes`, so that options may be passed on as they came.
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "SpreadElement > ConditionalExpression[test.right.type='Identifier'][test.right.name='undefined'] > ObjectExpression[properties.length=1] > Property[shorthand=true]",
          message: "Give the field as it is: { x } instead of ...(x === undefined ? {} : { x }).",
        },
        {
          selector:
            "SpreadElement > LogicalExpression[left.right.type='Identifier'][left.right.name='undefined'] > ObjectExpression[properties.length=1] > Property[shorthand=true]",
          message: "Give the field as it is: { x } instead of ...(x !== undefined && { x }).",
        },
      ],
      // Prettier breaks code at 120 columns but leaves comments, which this rule checks. Strings, templates and regular
      // expressions may be longer: a message that is broken into pieces cannot be searched for.
      "max-len": [
        "error",
        {
          code: 120,
          comments: 120,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
          ignoreUrls: true,
        },
      ],
    },
  },
  {
    // Scripts that run before anything is compiled; in TypeScript, the compiler knows what is defined.
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: globals.node },
  },
  {
    // The hash of these scripts is part of what they build, so that their lines are broken with the next build.
    files: ["src/networks/kernels/build.mjs", "src/envs/starcraft/compiled/build.mjs"],
    rules: { "max-len": "off" },
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
