import catalog from '../../models.json';

/** A model this app knows by name. */
export interface CatalogModel {
  id: string;
  name: string;
  description: string;
  /** Relative to the page. */
  url: string;
  /** Size of the file, bytes. */
  bytes: number;
  sha256: string;
  license: string;
  /** 1 when the model sees only the latest message. */
  turns?: number;
}

/** What the app should load: a catalogue entry, or any address or file. */
export interface Choice {
  source: string | Blob;
  entry: CatalogModel | null;
}

export const BUILT_IN: CatalogModel = catalog.models[0] as CatalogModel;

/** `?model=` picks another file by its address; otherwise the last chosen model, otherwise the built-in one. */
export function firstChoice(search: string, remembered: unknown): Choice {
  const asked = new URLSearchParams(search).get('model');
  return choiceOf(asked || (typeof remembered === 'string' && remembered) || BUILT_IN.url);
}

/** The choice for an address; it is a catalogue entry where the address is one's. */
export function choiceOf(source: string): Choice {
  const models = catalog.models as CatalogModel[];
  return { source, entry: models.find((model) => sameAddress(model.url, source)) ?? null };
}

/** Anybody may have written an address: one that is none is the same as no other. */
function sameAddress(a: string, b: string): boolean {
  return a === b || (href(a) !== null && href(a) === href(b));
}

function href(address: string): string | null {
  try {
    return new URL(address, document.baseURI).href;
  } catch {
    return null;
  }
}
