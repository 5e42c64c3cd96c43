// The licences of the packages that a build took in, as one text: they ask to go with every copy.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** For packages that name a licence and bring no text. */
const texts = {
  Unlicense:
    'This is free and unencumbered software released into the public domain.\n' +
    'The full text is at https://unlicense.org',
};

/**
 * @param {string[]} modules files that were bundled; those outside node_modules are ours
 * @returns {string} one section a package, by name
 * @throws where a package has no licence text, so that none is forgotten
 */
export function thirdPartyLicenses(modules) {
  const packages = new Map();
  for (const module of modules) {
    const [, directory] =
      /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.resolve(module)) ?? [];
    if (directory === undefined || packages.has(directory)) continue;
    packages.set(directory, describe(directory));
  }
  const sections = [...new Set(packages.values())].sort();
  const head =
    'codex-orch contains the packages below, under the licences that follow each name.\n';
  return [head, ...sections].join(`\n${'-'.repeat(80)}\n\n`);
}

function describe(directory) {
  const { name, version, license } = JSON.parse(
    readFileSync(path.join(directory, 'package.json'), 'utf8'),
  );
  const files = readdirSync(directory).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const own = files.sort().map((file) => readFileSync(path.join(directory, file), 'utf8').trim());
  const text = own.length > 0 ? own.join('\n\n') : texts[license];
  if (text === undefined) throw new Error(`${name} ${version}: no licence text in ${directory}`);
  return `${name} ${version} (${license})\n\n${text}\n`;
}
