/** How both sides reach the server: its address, what secures the way to it, and whether that may be used at all. */
import { readForeign } from '../../disk/foreign-file.ts';
import { isThisMachine, type TemporalSettings } from '../../model/machines.ts';
import { Refusal } from '../../model/refusal.ts';

/** As both packages of the SDK take it. */
export interface ServerAddress {
  address: string;
  tls?:
    | {
        serverRootCACertificate?: Buffer;
        clientCertPair?: { crt: Buffer; key: Buffer };
      }
    | true;
  apiKey?: string;
}

const MAX_PEM_BYTES = 1 << 20;

/**
 * Of settings whose files are absolute.
 * @throws Refusal for plain text to another machine, a key that is not set, or a certificate that cannot be read
 */
export function serverAddress(
  settings: TemporalSettings,
  env: Readonly<NodeJS.ProcessEnv>,
): ServerAddress {
  const { address, tls, api_key_env: name } = settings;
  const apiKey = name === null ? null : (env[name] ?? '');
  if (apiKey === '') {
    throw new Refusal(
      'temporal-api-key',
      `The variable ${name ?? ''}, the API key of ${address}, is not set.`,
      {
        hint: 'temporal.api_key_env names it.',
      },
    );
  }
  if (tls === null && apiKey === null) {
    if (settings.insecure || isThisMachine(address)) return { address };
    throw new Refusal(
      'temporal-insecure',
      `The way to the Temporal server ${address} is not secured.`,
      {
        hint: 'Say in temporal how it is: tls: {ca, cert, key}, or api_key_env. insecure: true lets plain text pass.',
      },
    );
  }
  const { ca = null, cert = null, key = null } = tls ?? {};
  return {
    address,
    tls: {
      ...(ca === null ? {} : { serverRootCACertificate: pem(ca) }),
      ...(cert === null || key === null
        ? {}
        : { clientCertPair: { crt: pem(cert), key: pem(key) } }),
    },
    ...(apiKey === null ? {} : { apiKey }),
  };
}

function pem(file: string): Buffer {
  const read = readForeign(file, { maxBytes: MAX_PEM_BYTES, followsLinks: true });
  if (read.ok) return read.bytes;
  throw new Refusal('temporal-tls', `${file}, of temporal.tls, cannot be used: ${read.reason}.`);
}
