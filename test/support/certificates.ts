/** Certificates of authorities of our own, made by openssl: each `<name>.pem` with its `<name>.key`, in one directory. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** An authority, which vouches for itself. */
export function makeAuthority(directory: string, name: string): void {
  openssl(directory, ['req', '-x509', ...newKey(name), '-days', '2', '-out', `${name}.pem`]);
}

/** For 127.0.0.1, by an authority of the same directory. */
export function makeCertificate(directory: string, name: string, authority: string): void {
  openssl(directory, ['req', ...newKey(name), '-out', `${name}.csr`]);
  writeFileSync(path.join(directory, `${name}.ext`), 'subjectAltName=IP:127.0.0.1\n');
  const by = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial'];
  const ends = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`];
  openssl(directory, ['x509', '-req', '-days', '2', ...by, ...ends]);
}

function newKey(name: string): string[] {
  return ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-subj', `/CN=${name}`];
}

function openssl(cwd: string, words: string[]): void {
  execFileSync('openssl', words, { cwd, stdio: 'ignore' });
}
