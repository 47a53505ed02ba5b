import type { Attributes } from '../../storage/s3/bucket.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';

const metadata = 'x-amz-meta-';

/** Headers that an object can be given, and what the SDK calls them. */
const names: Readonly<Record<string, Exclude<keyof Attributes, 'Metadata'>>> = {
  'cache-control': 'CacheControl',
  'content-disposition': 'ContentDisposition',
  'content-encoding': 'ContentEncoding',
  'content-language': 'ContentLanguage',
  'content-type': 'ContentType',
  'x-amz-acl': 'ACL',
  'x-amz-server-side-encryption': 'ServerSideEncryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 'SSEKMSKeyId',
  'x-amz-storage-class': 'StorageClass',
  'x-amz-tagging': 'Tagging',
  'x-amz-website-redirect-location': 'WebsiteRedirectLocation',
};

/** `Name:value` each, as gof3r's `-m` has them. @throws BadRequest */
export function attributesFrom(headers: readonly string[]): Attributes {
  const attributes: Record<string, string> = {};
  const own: Record<string, string> = {};
  for (const header of headers) {
    const [, given = '', value = ''] = /^([^:\s]+)\s*:\s*(.*)$/s.exec(header) ?? [];
    const name = given.toLowerCase();
    const known = names[name];
    if (known !== undefined) attributes[known] = value;
    else if (name.startsWith(metadata) && name !== metadata) own[name.slice(metadata.length)] = value;
    else throw unknown(header);
  }
  return { ...attributes, ...(Object.keys(own).length > 0 && { Metadata: own }) };
}

function unknown(header: string): HoldfastError {
  const known = [...Object.keys(names), `${metadata}…`].join(', ');
  return new HoldfastError(
    'BadRequest',
    `-m ${header}: expected a name, a colon and a value; the names are ${known}.`,
  );
}
