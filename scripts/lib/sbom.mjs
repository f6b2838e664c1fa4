import { createHash } from 'node:crypto';

/** A licence that is no expression is one id. */
const licencesOf = (licence) => (licence ? [{ expression: licence }] : undefined);

/**
 * A CycloneDX 1.6 bill of materials. The same dependencies give the same bytes: it has no time, and its serial number
 * follows from its content.
 * @param {{name: string, version: string, licence: string}} product
 * @param {import('./dependencies.mjs').Dependency[]} dependencies
 */
export function sbomOf({ name, version, licence }, dependencies) {
  const ref = `pkg:npm/${name}@${version}`;
  const components = dependencies.map((one) => ({
    type: 'library',
    'bom-ref': one.purl,
    name: one.name,
    version: one.version,
    purl: one.purl,
    scope: one.ships ? 'required' : 'excluded',
    licenses: licencesOf(one.licence),
    hashes: one.hash && [one.hash],
  }));
  const shipped = dependencies.filter(({ ships }) => ships).map(({ purl }) => purl);
  const graph = dependencies.map(({ purl, needs }) => ({
    ref: purl,
    dependsOn: [...new Set(needs)].sort(),
  }));
  const content = {
    metadata: {
      component: { type: 'library', 'bom-ref': ref, name, version, licenses: licencesOf(licence) },
    },
    components,
    dependencies: [{ ref, dependsOn: shipped }, ...graph],
  };
  const head = { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 };
  return { ...head, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`, ...content };
}

/** A UUID of version 8 (RFC 9562), whose bits are the SHA-256 of a text. */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${((Number.parseInt(hex[16], 16) & 3) | 8).toString(16)}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
