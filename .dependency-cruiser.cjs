// The layers of docs/architecture.md, as rules. Imports run one way:
//   main -> cli, web -> app -> program, store, agents, staging, assistants -> core
const edges = 'program|store|agents|staging|assistants';
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-imports-only-core',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { pathNot: '^src/core/' },
    },
    {
      name: 'edges-import-core-only',
      severity: 'error',
      from: { path: `^src/(${edges})/` },
      to: { path: '^src/', pathNot: ['^src/core/', '^src/files/', '^src/$1/'] },
    },
    {
      name: 'app-below-cli-and-web',
      severity: 'error',
      from: { path: '^src/app/' },
      to: { path: '^src/(cli|web|main)' },
    },
    {
      name: 'cli-and-web-apart',
      severity: 'error',
      from: { path: '^src/(cli|web)/' },
      // `codex-orch web` starts the server, and knows nothing else of it.
      to: { path: '^src/(cli|web)/', pathNot: ['^src/$1/', '^src/web/server/web-server.ts$'] },
    },
    {
      name: 'terminals-use-app',
      severity: 'error',
      from: { path: '^src/web/' },
      to: { path: `^src/(${edges})/` },
    },
    {
      name: 'files-imports-core-only',
      severity: 'error',
      from: { path: '^src/files/' },
      to: { path: '^src/', pathNot: '^src/(files|core)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/web/page/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
};
