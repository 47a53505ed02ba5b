import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './cache/command.ts';

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

/**
 * Makes an authority of its own, a certificate for a server on loopback and one for its clients, good for a week.
 * @param names further names of the server, such as `server.dc1.consul`.
 */
export async function makeCertificates(folder: string, names: readonly string[]): Promise<Certificates> {
  const path = (file: string) => join(folder, file);
  const openssl = (...words: string[]) => run(['openssl', ...words], { cwd: folder });
  const keyType = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

  await openssl(
    ...['req', '-x509', ...keyType, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '7'],
    ...['-subj', '/CN=Holdfast development authority', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  );
  const issue = async (name: string, extensions: readonly string[]) => {
    await writeFile(path(`${name}.ext`), extensions.join('\n'));
    await openssl('req', ...keyType, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    await openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-out', `${name}.pem`, '-days', '7', '-extfile', `${name}.ext`],
    );
  };
  const subjects = ['localhost', ...names].map((name) => `DNS:${name}`).join(',');
  // Consul's servers are clients of each other, too.
  await issue('server', [
    'extendedKeyUsage=serverAuth,clientAuth',
    `subjectAltName=${subjects},IP:127.0.0.1,IP:::1`,
  ]);
  await issue('client', ['extendedKeyUsage=clientAuth', 'subjectAltName=DNS:localhost']);

  return {
    ca: path('ca.pem'),
    serverCert: path('server.pem'),
    serverKey: path('server.key'),
    clientCert: path('client.pem'),
    clientKey: path('client.key'),
  };
}
