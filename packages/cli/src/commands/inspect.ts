import {
  displayName,
  type GgufHeader,
  type GgufValue,
  HEAD_FORMATS,
  KV_FORMATS,
  type PlanOptions,
  PocketbitError,
  planModel,
} from '@pocketbit/core';
import { type SizedPlan, sizePlan } from '@pocketbit/engine';
import { type Command, choiceOption, integerOption } from '../command.ts';
import { loadEngine } from '../engine.ts';
import { withHeader } from '../model.ts';
import { print, printJson } from '../output.ts';

export const inspect: Command = {
  name: 'inspect',
  usage: 'FILE [--kv f32|int8|int4] [--head int8|f32] [--context N] [--json]',
  summary: 'what a file holds, whether it runs, and how much memory it takes',
  options: {
    kv: { type: 'string' },
    head: { type: 'string' },
    context: { type: 'string' },
    json: { type: 'boolean' },
  },
  positionals: [1, 1],
  async run([file], values) {
    const header = await withHeader(file!, async (read) => read);
    const plan = await planOrRefusal(header, {
      contextLength: integerOption(values, 'context', 1, 2 ** 24),
      kv: choiceOption(values, 'kv', KV_FORMATS),
      head: choiceOption(values, 'head', HEAD_FORMATS),
    });
    if (values.json) printJson(jsonReport(header, plan), 2);
    else print(textReport(header, plan));
  },
};

/** The plan, or why there is none: a file that does not run can still be looked at. */
async function planOrRefusal(header: GgufHeader, options: PlanOptions) {
  try {
    const plan = planModel(header, options);
    return sizePlan(await loadEngine('scalar'), plan);
  } catch (error) {
    return PocketbitError.from(error, 'bad-model');
  }
}

function jsonReport(header: GgufHeader, plan: SizedPlan | PocketbitError) {
  const metadata = Object.fromEntries(
    Array.from(header.metadata, ([key, value]) => [key, summary(value)]),
  );
  const { version, fileSize, dataOffset, alignment, tensors } = header;
  const runs = plan instanceof PocketbitError ? { refused: refusal(plan) } : { plan };
  return { version, fileSize, dataOffset, alignment, metadata, tensors, ...runs };
}

function textReport(header: GgufHeader, plan: SizedPlan | PocketbitError): string {
  const rows: [string, string][] = [
    ['file', `GGUF v${header.version}, ${bytesText(header.fileSize)}`],
    ['architecture', String(header.metadata.get('general.architecture') ?? '?')],
    ['tensors', tensorTypes(header)],
    ['metadata', `${header.metadata.size} entries, ${bytesText(header.dataOffset)} of header`],
    ...(plan instanceof PocketbitError ? [['runs', `no: ${refusal(plan)}`]] : planRows(plan)),
  ] as [string, string][];
  return rows.map(([name, value]) => `${name.padEnd(14)}${displayName(value, MAX_ROW)}`).join('\n');
}

/** UTF-16 units of a row's value. */
const MAX_ROW = 1000;

function planRows(plan: SizedPlan): [string, string][] {
  const { config } = plan;
  const heads = `${config.heads} heads, ${config.kvHeads} KV, of ${config.headDim}`;
  const resident =
    `${bytesText(plan.weightBytes)} weights + ${bytesText(plan.kvBytes)} KV + ` +
    `${bytesText(plan.scratchBytes)} scratch`;
  return [
    ['name', plan.name],
    ['parameters', plan.parameters.toLocaleString('en')],
    ['shape', `${config.layers} layers of ${config.dim}, FFN ${config.ffn}, ${heads}`],
    ['vocabulary', `${config.vocab}, head ${config.head}${config.tied ? ', tied' : ''}`],
    ['products', `${plan.scheme}, ${config.activation}`],
    ['context', `${config.context} positions, KV ${config.kv}`],
    ['resident', `${bytesText(plan.residentBytes)} = ${resident}`],
    ['tokenizer', `${bytesText(plan.tokenizerBytes)} beside it`],
    ['runs', 'yes'],
  ];
}

function tensorTypes(header: GgufHeader): string {
  const counts = new Map<string, number>();
  for (const { typeName } of header.tensors) counts.set(typeName, (counts.get(typeName) ?? 0) + 1);
  const types = Array.from(counts, ([type, count]) => `${count} ${type}`).join(', ');
  return `${header.tensors.length}: ${types}`;
}

function summary(value: GgufValue): unknown {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'object' ? { array: value.length } : value;
}

function refusal(error: PocketbitError): string {
  return `${error.code}: ${error.message}`;
}

function bytesText(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
