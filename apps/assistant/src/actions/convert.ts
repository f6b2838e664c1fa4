/** Size of each unit in the base unit of its group; volumes are US customary. */
const GROUPS: readonly Readonly<Record<string, number>>[] = [
  { m: 1, km: 1000, cm: 0.01, mm: 0.001, mi: 1609.344, ft: 0.3048, in: 0.0254, yd: 0.9144 },
  { g: 1, kg: 1000, mg: 0.001, t: 1e6, lb: 453.59237, oz: 28.349523125, st: 6350.29318 },
  {
    ml: 1,
    l: 1000,
    gal: 3785.411784,
    cup: 236.5882365,
    pt: 473.176473,
    qt: 946.352946,
    tbsp: 14.78676478125,
    tsp: 4.92892159375,
    'fl oz': 29.5735295625,
  },
  { 'km/h': 1, mph: 1.609344, kn: 1.852, 'm/s': 3.6 },
  { s: 1, min: 60, h: 3600, d: 86400, wk: 604800 },
  { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  { 'm²': 1, 'ft²': 0.09290304, ac: 4046.8564224, ha: 1e4 },
];

/** Other ways to write each unit. */
const NAMES: Readonly<Record<string, string>> = {
  m: 'meter meters metre metres',
  km: 'kilometer kilometers kilometre kilometres',
  cm: 'centimeter centimeters centimetre centimetres',
  mm: 'millimeter millimeters millimetre millimetres',
  mi: 'mile miles',
  ft: 'foot feet',
  in: 'inch inches',
  yd: 'yard yards',
  g: 'gram grams',
  kg: 'kilogram kilograms kilo kilos',
  mg: 'milligram milligrams',
  t: 'tonne tonnes',
  lb: 'lbs pound pounds',
  oz: 'ounce ounces',
  st: 'stone stones',
  ml: 'milliliter milliliters millilitre millilitres',
  l: 'liter liters litre litres',
  gal: 'gallon gallons',
  cup: 'cups',
  pt: 'pint pints',
  qt: 'quart quarts',
  tbsp: 'tablespoon tablespoons',
  tsp: 'teaspoon teaspoons',
  'km/h': 'kph kmh',
  kn: 'knot knots',
  s: 'sec second seconds',
  min: 'minute minutes',
  h: 'hr hour hours',
  d: 'day days',
  wk: 'week weeks',
  B: 'b byte bytes',
  kB: 'kb kilobyte kilobytes',
  MB: 'mb megabyte megabytes',
  GB: 'gb gigabyte gigabytes',
  TB: 'tb terabyte terabytes',
  ac: 'acre acres',
  ha: 'hectare hectares',
  '°C': 'c celsius',
  '°F': 'f fahrenheit',
  K: 'k kelvin',
};

/** Names with spaces, which the table above cannot hold. */
const PHRASES: Readonly<Record<string, string>> = {
  'square meters': 'm²',
  'square metres': 'm²',
  'square meter': 'm²',
  'square feet': 'ft²',
  'square foot': 'ft²',
  'fluid ounces': 'fl oz',
  'fluid ounce': 'fl oz',
  'degrees celsius': '°C',
  'degrees fahrenheit': '°F',
  'kilometers per hour': 'km/h',
  'kilometres per hour': 'km/h',
  'miles per hour': 'mph',
  'meters per second': 'm/s',
  'metres per second': 'm/s',
};

const BY_NAME = new Map([
  ...GROUPS.flatMap((group) => Object.keys(group).map((unit) => [unit, unit] as const)),
  ...Object.entries(NAMES).flatMap(([unit, names]) =>
    names.split(' ').map((name) => [name, unit] as const),
  ),
  ...Object.entries(PHRASES),
]);

const TEMPERATURE: Readonly<Record<string, { toC(v: number): number; fromC(v: number): number }>> =
  {
    '°C': { toC: (v) => v, fromC: (v) => v },
    '°F': { toC: (v) => ((v - 32) * 5) / 9, fromC: (v) => (v * 9) / 5 + 32 },
    K: { toC: (v) => v - 273.15, fromC: (v) => v + 273.15 },
  };

/** A converted quantity with its unit symbols. */
export interface Conversion {
  value: number;
  from: string;
  result: number;
  to: string;
}

/** Converts `value` between two named units; null when one is unknown, or they are the same or measure different things. */
export function convert(value: string, from: string, to: string): Conversion | null {
  const amount = Number(value.replaceAll(',', ''));
  const [source, target] = [unitOf(from), unitOf(to)];
  if (!Number.isFinite(amount) || value.trim() === '' || !source || !target) return null;
  // Nobody asks for the unit they have: the model misread the request.
  if (source === target) return null;
  const result = between(amount, source, target);
  return result === null ? null : { value: amount, from: source, result, to: target };
}

function unitOf(name: string): string | undefined {
  const text = name.trim();
  return BY_NAME.get(text) ?? BY_NAME.get(text.toLowerCase());
}

function between(amount: number, source: string, target: string): number | null {
  const [hot, cold] = [TEMPERATURE[source], TEMPERATURE[target]];
  if (hot && cold) return cold.fromC(hot.toC(amount));
  const group = GROUPS.find((units) => source in units);
  if (!group || !(target in group)) return null;
  return (amount * group[source]!) / group[target]!;
}
