// The floors of docs/architecture.md, as rules: a folder imports from lower floors only, and neighbours of one
// floor do not know each other.
const floors = [
  ['model'],
  ['text', 'disk'],
  ['processes'],
  ['git'],
  ['core', 'agents', 'schema'],
  ['execution', 'store', 'program'],
  ['attempt'],
  ['engine'],
  ['app'],
  ['web'],
  ['cli'],
];

const upwards = floors.flatMap((folders, floor) =>
  folders.map((folder) => {
    const open = [folder, ...floors.slice(0, floor).flat()];
    return {
      name: `${folder}-imports-lower-floors`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: `^src/(${open.join('|')})/` },
    };
  }),
);

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...upwards,
    {
      name: 'core-is-pure',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { pathNot: '^src/(core|model|text)/' },
    },
    {
      name: 'the-page-uses-app',
      severity: 'error',
      from: { path: '^src/web/' },
      to: { path: '^src/', pathNot: '^src/(web|app|core|model|text|disk)/' },
    },
    {
      name: 'the-library-is-the-verbs',
      severity: 'error',
      from: { path: '^src/index.ts$' },
      to: { path: '^src/', pathNot: '^src/(app|model)/|^src/engine/clock.ts$' },
    },
    {
      name: 'the-command-line-uses-app',
      comment:
        'Of the core it knows the words: events, a state to show. `codex-orch web` starts the server, and knows nothing else of it.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/',
        pathNot: '^src/((cli|app|core|model|text)/|web/server/web-server.ts$)',
      },
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
